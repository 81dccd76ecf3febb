// Koop, Esri's own FeatureServer, over a folder of GeoJSON files, on a free port of 127.0.0.1.
//
//   cd "$(tests/koop/install.sh)" && node …/tests/koop/server.mjs --data FOLDER [switches]
//
// <Service>.geojson is served as /files/rest/services/<Service>/FeatureServer/0; <Service>.meta.json beside it is merged
// into Koop's metadata (idField, fields, name, …). The first line on stdout is the URL of the services.
//   --port N               that port instead of a free one
//   --max-record-count N   rows of a page (2000)
//   --fail-every N         each Nth query: 200 with {"error": {"code": 500}}
//   --http503-every N      each Nth query: 503 with HTML
//   --no-pagination        pages are refused, and not advertised
//   --latency MS           each query is answered so much later, as by a server far away
//   --token T              every request of a layer needs it
// GET /spent: queries so far and the milliseconds of processor time this server took; POST /spent starts anew.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';

process.env.SUPPRESS_NO_CONFIG_WARNING = '1';
const Koop = createRequire(path.join(process.cwd(), 'package.json'))('@koopjs/koop-core');

const given = (name) => process.argv.includes(`--${name}`);
const value = (name, otherwise) => (given(name) ? process.argv[process.argv.indexOf(`--${name}`) + 1] : otherwise);
const folder = path.resolve(value('data', '.'));
const maxRecordCount = Number(value('max-record-count', 2000));
const failEvery = Number(value('fail-every', 0));
const http503Every = Number(value('http503-every', 0));
const latency = Number(value('latency', 0));
const token = value('token', null);

const loaded = new Map();

function load(file) {
  const { mtimeMs } = fs.statSync(file);
  if (loaded.get(file)?.mtimeMs !== mtimeMs) {
    const collection = JSON.parse(fs.readFileSync(file, 'utf8'));
    const beside = file.replace(/\.geojson$/, '.meta.json');
    const more = fs.existsSync(beside) ? JSON.parse(fs.readFileSync(beside, 'utf8')) : {};
    const geometryType = collection.features.find((feature) => feature.geometry)?.geometry.type;
    collection.metadata = { name: path.basename(file, '.geojson'), maxRecordCount, geometryType, ...more };
    loaded.set(file, { mtimeMs, collection });
  }
  return loaded.get(file);
}

function failure(code, message) {
  return Object.assign(new Error(message), { code });
}

class Model {
  getData(request, callback) {
    const bearer = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    const shown = request.query.token || request.body?.token || bearer;
    if (token && shown !== token) return callback(failure(401, 'token'));     // Koop makes it 499 or 498 in a 200
    const file = path.join(folder, `${path.basename(request.params.id)}.geojson`);
    if (!fs.existsSync(file) || Number(request.params.layer ?? 0) !== 0) return callback(failure(400, 'Invalid URL'));
    const { mtimeMs, collection } = load(file);
    request.edited = Math.round(mtimeMs);
    return callback(null, { ...collection, metadata: { ...collection.metadata } }); // Koop changes the metadata
  }
}

let queries = 0;
let since = process.cpuUsage();

// What Koop leaves to its provider or doesn't do at all stands in front of it.
function query(request, response, next) {
  queries += 1;
  if (http503Every && queries % http503Every === 0) {
    return response.status(503).type('html').send('<html>Service Unavailable</html>');
  }
  if (failEvery && queries % failEvery === 0) {
    return response.json({ error: { code: 500, message: 'Error performing query operation', details: [] } });
  }
  const asked = { ...request.body, ...request.query };
  if (given('no-pagination') && (asked.resultOffset || asked.resultRecordCount)) {
    return response.json({ error: { code: 400, message: 'Pagination is not supported.', details: [] } });
  }
  const scalar = ['returnCountOnly', 'returnIdsOnly', 'returnExtentOnly'].some((name) => asked[name] === 'true');
  if (!scalar && !asked.outStatistics) {                                      // Koop does not clamp a page
    const rows = Math.min(Number(asked.resultRecordCount) || maxRecordCount, maxRecordCount);
    request.query.resultRecordCount = String(rows);
  }
  return latency ? setTimeout(next, latency) : next();
}

function info(request, response, next) {
  const json = response.json.bind(response);
  response.json = (body) => {
    if (!body?.fields) return json(body);
    body.editingInfo = { lastEditDate: request.edited };
    if (given('no-pagination')) body.advancedQueryCapabilities.supportsPagination = false;
    return json(body);
  };
  next();
}

const koop = new Koop({ logLevel: 'error', geoservicesDefaults: { maxRecordCount } });
koop.server.use((request, response, next) => {
  if (/\/query$/.test(request.path)) return query(request, response, next);
  if (/\/FeatureServer\/\d+$/.test(request.path)) return info(request, response, next);
  return next();
});
koop.server.get('/spent', (_, response) => {
  const { user, system } = process.cpuUsage(since);
  response.json({ queries, milliseconds: (user + system) / 1000 });
});
koop.server.post('/spent', (_, response) => {
  [queries, since] = [0, process.cpuUsage()];
  response.json({});
});
koop.register({ type: 'provider', name: 'files', version: '1.0.0', Model });
const listener = koop.server.listen(Number(value('port', 0)), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${listener.address().port}/files/rest/services`);
});
