/* What is shown, and how the address of the page says it: a link shows the same to whoever opens it. */

/** What is shown at first: everything. */
export function everything() {
  return {
    at: null,
    by: 'sector',
    scheme: '',
    hiddenSectors: new Set(),
    hiddenLifelines: new Set(),
    hiddenLayers: new Set(),
    region: '',
    state: '',
    flags: new Set(),
    change: '',
    facility: '',
  }
}

const LISTS = { sectors: 'hiddenSectors', lifelines: 'hiddenLifelines', layers: 'hiddenLayers', flags: 'flags' }
const WORDS = ['by', 'scheme', 'region', 'state', 'change', 'facility']

/** Degrees and zooms beyond which no map goes. */
const BOUNDS = { zoom: [0, 20], latitude: [-85, 85], longitude: [-180, 180] }

/** Reads `#map=4.20/38.10/-96.20&layers=-dams&state=TX`; a leading minus stands before what is left out. */
export function fromHash(hash) {
  const view = everything()
  const said = new URLSearchParams(hash.replace(/^#/, ''))
  view.at = placeOf(said.get('map'))
  for (const word of WORDS) {
    if (said.has(word)) view[word] = said.get(word)
  }
  for (const [word, list] of Object.entries(LISTS)) {
    const listed = (said.get(word) ?? '').split('~').filter(Boolean)
    view[list] = new Set(listed.map((item) => item.replace(/^-/, '')))
  }
  return view
}

/** The same the other way round; what is as at first isn't said. */
export function toHash(view) {
  const said = new URLSearchParams()
  if (view.at) said.set('map', [view.at.zoom.toFixed(2), view.at.latitude.toFixed(4), view.at.longitude.toFixed(4)].join('/'))
  const first = everything()
  for (const word of WORDS) {
    if (view[word] !== first[word]) said.set(word, view[word])
  }
  for (const [word, list] of Object.entries(LISTS)) {
    const sign = list === 'flags' ? '' : '-'
    if (view[list].size > 0) said.set(word, [...view[list]].sort().map((item) => sign + item).join('~'))
  }
  // Slashes and colons need no escape behind a `#`, and a link is read by people, too.
  return `#${said.toString().replaceAll('%2F', '/').replaceAll('%3A', ':')}`
}

function placeOf(text) {
  const numbers = (text ?? '').split('/').map(Number)
  if (numbers.length !== 3 || numbers.some((number) => !Number.isFinite(number))) return null
  const [zoom, latitude, longitude] = numbers
  const place = { zoom, latitude, longitude }
  const isInside = Object.entries(BOUNDS).every(([name, [least, most]]) => place[name] >= least && place[name] <= most)
  return isInside ? place : null
}
