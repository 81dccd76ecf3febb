/* The archives beside the page (PMTiles), read by ranges; nothing else is asked of the server. */

import { VectorTile } from '@mapbox/vector-tile'
import { addProtocol } from 'maplibre-gl'
import { PbfReader } from 'pbf'
import { PMTiles, Protocol } from 'pmtiles'
import { tell } from './notices.js'

const EARTH_LIMIT = 85.051129

/** Reads parts of a file of this release. Fails in words where the server has no such file, or doesn't know ranges. */
export async function readRange(path, offset, length, signal) {
  const headers = { Range: `bytes=${offset}-${offset + length - 1}` }
  let answer
  try {
    answer = await fetch(path, { headers, signal })
  } catch (error) {
    if (error.name === 'AbortError') throw error
    throw new Error(`${path} can’t be read: the server doesn’t answer`)
  }
  if (answer.status === 206) return answer
  answer.body?.cancel()
  if (answer.status === 404) throw new Error(`map/${path} is missing on this server: copy the whole folder of the release`)
  if (answer.status === 200) {
    throw new Error('This server doesn’t know byte ranges, which the map is read by: serve the release with `cikr serve`, nginx, Caddy or any server that does')
  }
  throw new Error(`map/${path} can’t be read: the server answers ${answer.status}`)
}

/** Waits for the other tiles of a view before the server is asked, milliseconds. */
const GATHERING = 4
/** Parts of a file that lie nearer are read together: at 50 ms to a server these bytes cost less than another request. */
const GAP = 64 * 1024
/** Most that is read at once. */
const MOST_AT_ONCE = 4 * 1024 * 1024

/** A file of this release as `pmtiles` reads one; parts that are asked for at the same time become few requests. */
class Ranges {
  constructor(path) {
    this.path = path
    this.waiting = []
  }

  getKey() {
    return this.path
  }

  getBytes(offset, length, signal) {
    return new Promise((resolve, reject) => {
      if (this.waiting.length === 0) setTimeout(() => this.ask(), GATHERING)
      this.waiting.push({ offset, length, signal, resolve, reject })
    })
  }

  ask() {
    const wanted = this.waiting.filter(({ signal, reject }) => {
      if (signal?.aborted) reject(signal.reason)
      return !signal?.aborted
    })
    this.waiting = []
    wanted.sort((a, b) => a.offset - b.offset)
    const runs = []
    for (const part of wanted) {
      const run = runs.at(-1)
      const end = part.offset + part.length
      if (run && part.offset - run.end <= GAP && end - run.offset <= MOST_AT_ONCE) {
        run.parts.push(part)
        run.end = Math.max(run.end, end)
      } else {
        runs.push({ offset: part.offset, end, parts: [part] })
      }
    }
    runs.forEach((run) => this.read(run))
  }

  async read({ offset, end, parts }) {
    try {
      // What several wait for isn't given up because one of them no longer does.
      const signal = parts.length === 1 ? parts[0].signal : undefined
      const answer = await readRange(this.path, offset, end - offset, signal)
      const bytes = await answer.arrayBuffer()
      parts.forEach((part) => part.resolve({ data: bytes.slice(part.offset - offset, part.offset - offset + part.length) }))
    } catch (error) {
      if (error.name !== 'AbortError') tell(error.message)
      parts.forEach((part) => part.reject(error))
    }
  }
}

const opened = new Map()

/** The archive of a name, opened once. */
export function archive(name) {
  if (!opened.has(name)) opened.set(name, new PMTiles(new Ranges(`${name}.pmtiles`)))
  return opened.get(name)
}

/** Lets the map read `pmtiles://…` from here. */
export function registerArchives(names) {
  const protocol = new Protocol()
  names.forEach((name) => protocol.add(archive(name)))
  addProtocol('pmtiles', protocol.tilev4)
}

/**
 * All that a layer's archive has of a facility, from the tile of the deepest zoom that it lies in, or from one beside
 * that: the point of a line may lie on a border. None where it isn't there.
 */
export async function findFacility(layer, id, [longitude, latitude], zoom) {
  const side = 2 ** zoom
  const x = ((longitude + 180) / 360) * side
  const bounded = Math.max(-EARTH_LIMIT, Math.min(EARTH_LIMIT, latitude))
  const sine = Math.sin((bounded * Math.PI) / 180)
  const y = (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * side
  for (const [column, row] of tilesAround(x, y, side)) {
    const found = await findInTile(layer, id, zoom, column, row)
    if (found) return found
  }
  return null
}

/** The tile of a place, and those that it is nearer to than a sixteenth of their width. */
function tilesAround(x, y, side) {
  const columns = [0, -1, 1].filter((step) => Math.floor(x + step / 16) === Math.floor(x) + step)
  const rows = [0, -1, 1].filter((step) => Math.floor(y + step / 16) === Math.floor(y) + step)
  const tiles = columns.flatMap((column) => rows.map((row) => [Math.floor(x) + column, Math.floor(y) + row]))
  return tiles.filter(([column, row]) => column >= 0 && row >= 0 && column < side && row < side)
}

async function findInTile(layer, id, zoom, column, row) {
  const tile = await archive(layer).getZxy(zoom, column, row)
  const features = tile && new VectorTile(new PbfReader(new Uint8Array(tile.data))).layers[layer]
  for (let at = 0; at < (features?.length ?? 0); at += 1) {
    const feature = features.feature(at)
    if (feature.properties.facility_id === id) {
      return { properties: feature.properties, geometry: feature.toGeoJSON(column, row, zoom).geometry }
    }
  }
  return null
}
