/* Search by name or id in sorted blocks that lie beside the page: of each word one block or a few are read, never all. */

import { gunzipSync } from 'fflate'
import { readRange } from './archives.js'
import { element } from './dom.js'

/** Most blocks read for a question, and most facilities shown. */
const MOST_BLOCKS = 4
const MOST_SHOWN = 12
/** Waits for the next key, milliseconds. */
const PAUSE = 180

let index = null
const blocks = new Map()

/** Words as the index has them: small letters and digits, without accents. */
export function words(text) {
  const plain = text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
  return plain.split(/[^\p{L}\p{N}]+/u).filter(Boolean)
}

/** The first facilities that have all words, or whose id begins with what was typed. */
export async function search(text, layers) {
  index ??= await readIndex()
  const asked = words(text)
  if (asked.length === 0) return []
  const key = text.trim().toLowerCase()
  const found = new Map()
  for (const row of await rowsWith(idOf(key))) {
    if (row.id.toLowerCase() === key || row.id.toLowerCase().split(':').slice(1).join(':').startsWith(idOf(key))) found.set(row.id, row)
  }
  const rarest = asked.toSorted((a, b) => spread(a) - spread(b) || b.length - a.length)[0]
  for (const row of await rowsWith(rarest)) {
    const own = [...words(row.name), ...words(row.id)]
    if (asked.every((word) => own.some((part) => part.startsWith(word)))) found.set(row.id, row)
  }
  const ranked = [...found.values()].filter((row) => layers.has(row.layer))
  return ranked.sort((a, b) => rank(a, asked, key) - rank(b, asked, key) || a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1)).slice(0, MOST_SHOWN)
}

/** `tx00001` of `dams:tx00001`: the index has an id by its key alone. */
function idOf(text) {
  return text.includes(':') ? text.slice(text.indexOf(':') + 1) : text
}

function rank(row, asked, key) {
  if (row.id.toLowerCase() === key || idOf(row.id.toLowerCase()) === key) return 0
  const own = words(row.name)
  if (own.join(' ') === asked.join(' ')) return 1
  return own.join(' ').startsWith(asked.join(' ')) ? 2 : 3
}

async function readIndex() {
  const answer = await fetch('search/index.json')
  if (!answer.ok) throw new Error('map/search/index.json is missing on this server: copy the whole folder of the release')
  return answer.json()
}

/** The blocks in which words with a beginning stand: from the last that begins before it to the last that begins with it. */
function blocksOf(word) {
  const first = Math.max(0, index.first_words.findLastIndex((begins) => begins < word))
  const found = []
  for (let at = first; at < index.first_words.length; at += 1) {
    const begins = index.first_words[at]
    if (begins > word && !begins.startsWith(word)) break
    found.push(at)
  }
  return found
}

function spread(word) {
  return blocksOf(word).length
}

async function rowsWith(word) {
  if (word === '') return []
  const wanted = blocksOf(word).slice(0, MOST_BLOCKS)
  const read = await Promise.all(wanted.map(readBlock))
  return read.flat().filter((row) => row.word.startsWith(word))
}

function readBlock(at) {
  if (!blocks.has(at)) {
    const reading = fetchBlock(at)
    reading.catch(() => blocks.delete(at))
    blocks.set(at, reading)
  }
  return blocks.get(at)
}

async function fetchBlock(at) {
  const offset = index.offsets[at]
  const answer = await readRange('search/entries.bin', offset, index.offsets[at + 1] - offset)
  const text = new TextDecoder().decode(gunzipSync(new Uint8Array(await answer.arrayBuffer())))
  return text.split('\n').filter(Boolean).map(rowOf)
}

function rowOf(line) {
  const [word, name, id, state, longitude, latitude] = line.split('\t')
  return { word, name, id, state, layer: id.split(':')[0], at: [Number(longitude), Number(latitude)] }
}

/** The search box: results while one types, chosen by mouse or by arrow keys and Enter. */
export function searchBox(input, list, status, { release, choose, fail }) {
  const layers = new Map(release.layers.map((layer) => [layer.id, layer]))
  let shown = []
  let active = -1
  let turn = 0
  let timer = 0

  const close = () => {
    list.hidden = true
    input.setAttribute('aria-expanded', 'false')
    input.removeAttribute('aria-activedescendant')
    active = -1
  }
  const take = (row) => {
    close()
    choose(row)
  }
  const mark = (at) => {
    active = at
    ;[...list.children].forEach((option, place) => option.setAttribute('aria-selected', String(place === at)))
    const option = list.children[at]
    option?.scrollIntoView({ block: 'nearest' })
    if (option) input.setAttribute('aria-activedescendant', option.id)
  }
  const optionOf = (row, at) => {
    const where = [layers.get(row.layer)?.title ?? row.layer, row.state].filter(Boolean).join(' · ')
    const name = element('span', { class: 'name' }, row.name || row.id)
    const option = { id: `found-${at}`, role: 'option', 'aria-selected': 'false', click: () => take(row) }
    return element('li', option, name, element('span', { class: 'where' }, where), element('code', {}, row.id))
  }
  const show = (rows, text) => {
    shown = rows
    list.replaceChildren(...rows.map(optionOf))
    list.hidden = rows.length === 0
    input.setAttribute('aria-expanded', String(rows.length > 0))
    status.textContent = rows.length > 0 ? `${rows.length === MOST_SHOWN ? 'The first ' : ''}${rows.length} found` : `Nothing found for “${text}”`
  }
  const look = async () => {
    turn += 1
    const mine = turn
    const text = input.value.trim()
    if (text.length < 2) {
      close()
      status.textContent = ''
      return
    }
    try {
      const rows = await search(text, layers)
      // An answer that comes after the next question's is of no use any more.
      if (mine === turn) show(rows, text)
    } catch (error) {
      fail(error.message)
    }
  }
  input.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(look, PAUSE)
  })
  input.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step && shown.length > 0 && !list.hidden) {
      event.preventDefault()
      mark((active + step + shown.length) % shown.length)
    } else if (event.key === 'Enter' && shown.length > 0 && !list.hidden) {
      event.preventDefault()
      take(shown[Math.max(active, 0)])
    } else if (event.key === 'Escape' && !list.hidden) {
      event.stopPropagation()
      close()
    }
  })
  input.addEventListener('blur', () => setTimeout(close, 150))
}
