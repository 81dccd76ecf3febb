/* A facility in all its attributes: what it is, where its values come from, what is doubtful about it, and where its row is. */

import { findFacility } from './archives.js'
import { element } from './dom.js'
import { CHANGES } from './style.js'

/** Columns that the card shows by themselves, or that say nothing to people. */
const APART = new Set(['facility_id', 'name', 'layer', 'sector_class', 'source_agency', 'source_date', 'handling', 'geometry', 'bbox'])

/** Fills the card of a facility: at once with what is known of it, then with all that its layer's archive has. */
export async function showDetail(card, release, facility, hooks) {
  const layer = release.layers.find((known) => known.id === facility.layer)
  fill(card, release, layer, facility, hooks, 'Reading its attributes …')
  if (!layer) return null
  try {
    const found = await findFacility(layer.id, facility.id, facility.at, release.full_zoom)
    if (card.dataset.facility !== facility.id) return null
    const known = found ? { ...facility, properties: found.properties } : facility
    fill(card, release, layer, known, hooks, found ? '' : whyNot(facility))
    return found
  } catch (error) {
    if (card.dataset.facility === facility.id) fill(card, release, layer, facility, hooks, error.message)
    return null
  }
}

function whyNot(facility) {
  return facility.change === 'removed'
    ? 'It is no longer in this release; the release before has its attributes.'
    : 'The layer’s archive has no such facility where it is said to be.'
}

function fill(card, release, layer, facility, hooks, remark) {
  const properties = facility.properties ?? {}
  const name = properties.name || facility.name || 'Without a name'
  card.dataset.facility = facility.id
  const heading = element('h2', { id: 'detail-name', tabindex: '-1' }, name)
  const where = [layer?.title ?? facility.layer, properties.facility_type].filter(Boolean).join(' · ')
  card.replaceChildren(
    pager(hooks),
    heading,
    element('p', { class: 'mute' }, where),
    element('p', { class: 'id' }, element('code', {}, facility.id)),
    ...warnings(release, layer, facility),
    remark ? element('p', { class: 'mute', role: 'status' }, remark) : '',
    attributes(properties),
    element('h3', {}, 'Source'),
    provenance(layer, properties),
    element('h3', {}, 'The row itself'),
    ...rowLinks(layer, facility, properties),
  )
}

function pager({ close, step, place, number }) {
  const button = (label, sign, act) => element('button', { type: 'button', class: 'plain', 'aria-label': label, click: act }, sign)
  const steps = number > 1 ? [button('The one before', '‹', () => step(-1)), element('span', {}, `${place + 1} of ${number} here`), button('The next one', '›', () => step(1))] : []
  return element('div', { class: 'pager' }, ...steps, element('span', { class: 'fill' }), button('Close', '×', close))
}

/** What a reader must know before believing the rest. */
function warnings(release, layer, facility) {
  const properties = facility.properties ?? {}
  const told = release.flags.filter((flag) => String(properties[flag.column]) === String(flag.value)).map((flag) => flag.says)
  if (layer?.synthetic) told.unshift('Made up: this facility doesn’t exist.')
  if (facility.change) told.unshift(`${CHANGES[facility.change]?.name ?? facility.change} since the last release${facility.fields ? `: ${facility.fields}` : ''}.`)
  return told.length > 0 ? [element('ul', { class: 'flags' }, ...told.map((text) => element('li', {}, text)))] : []
}

function attributes(properties) {
  const shown = Object.entries(properties).filter(([column, value]) => !APART.has(column) && value !== null && value !== '')
  return element('dl', {}, ...shown.flatMap(([column, value]) => pair(column, valueOf(value))))
}

function pair(name, value) {
  return [element('dt', {}, name.replaceAll('_', ' ')), element('dd', {}, value)]
}

function valueOf(value) {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return typeof value === 'number' ? value.toLocaleString('en-US', { maximumFractionDigits: 6, useGrouping: false }) : String(value)
}

function provenance(layer, properties) {
  const known = [
    ['agency', properties.source_agency ?? layer?.agency],
    ['date of the record', properties.source_date],
    ['source fetched', layer?.landed?.slice(0, 10)],
    ['handling', properties.handling ?? layer?.handling],
    ['licence', layer?.licence],
  ]
  return element('dl', {}, ...known.filter(([, value]) => value).flatMap(([name, value]) => pair(name, value)))
}

/** The Parquet tile that has the row, and a query that finds it there. */
function rowLinks(layer, facility, properties) {
  if (!layer || facility.change === 'removed') return [element('p', { class: 'mute' }, 'This release has no such row.')]
  const region = properties.region_code || 'unassigned'
  const parts = layer.tiles[region] ?? 0
  const folder = `../layers/${layer.id}/data/region=${region}/`
  const files = Array.from({ length: parts }, (_, at) => `${folder}part-${String(at).padStart(3, '0')}.parquet`)
  const links = files.slice(0, 4).map((path) => element('li', {}, element('a', { href: path }, path.replace('../', ''))))
  const quoted = (text) => `'${text.replaceAll("'", "''")}'`
  const urls = files.map((path) => quoted(new URL(path, document.baseURI).href))
  const query = `SELECT * FROM read_parquet([${urls.slice(0, 4).join(', ')}])\nWHERE facility_id = ${quoted(facility.id)};`
  const box = element('pre', { tabindex: '0', 'aria-label': 'DuckDB query' }, query)
  const copied = element('span', { role: 'status', class: 'mute' })
  const copy = element('button', { type: 'button', click: () => copyText(query, copied) }, 'Copy the DuckDB query')
  return files.length > 0 ? [element('ul', { class: 'files' }, ...links), box, element('p', {}, copy, ' ', copied)] : []
}

async function copyText(text, told) {
  try {
    await navigator.clipboard.writeText(text)
    told.textContent = 'Copied.'
  } catch {
    told.textContent = 'This browser doesn’t let a page copy here: select the text.'
  }
}
