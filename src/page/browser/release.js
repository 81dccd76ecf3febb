/* The release as map.json tells of it: names, colours, and how many facilities there are of what. */

/** Places of a row of `counts`: layer, sector, lifeline, state, flags, facilities. */
const [LAYER, SECTOR, LIFELINE, STATE, FLAGS, NUMBER] = [0, 1, 2, 3, 4, 5]

/** Reads map.json. */
export async function readRelease() {
  const answer = await fetch('map.json')
  if (!answer.ok) throw new Error(`map.json can’t be read: the server answers ${answer.status}`)
  return answer.json()
}

/** The groups that the legend has, by what the map is coloured by. */
export function groupsOf(release, view) {
  if (view.by === 'lifeline') {
    return release.lifelines.map((lifeline) => ({ ...lifeline, key: lifeline.name, list: 'hiddenLifelines', members: [lifeline.name] }))
  }
  const groups = schemeOf(release, view).groups
  return groups.map((group) => ({ ...group, key: group.code, list: 'hiddenSectors', members: group.sectors }))
}

/** The scheme whose sectors are shown: the one asked for, else that of today. */
export function schemeOf(release, view) {
  return release.schemes.find((scheme) => scheme.id === view.scheme) ?? release.schemes.at(-1)
}

/** The layers that are shown. */
export function shownLayers(release, view) {
  return release.layers.filter((layer) => !view.hiddenLayers.has(layer.id))
}

/**
 * How many facilities there are by a place of the counts, under all filters but the one that the list itself is: a
 * layer that is switched off still says how many it has.
 */
export function tally(release, view, what) {
  const isShown = filterOfCounts(release, view, what)
  const place = { layer: LAYER, sector: SECTOR, lifeline: LIFELINE, state: STATE }[what]
  const found = new Map()
  let all = 0
  for (const row of release.counts) {
    if (!isShown(row)) continue
    all += row[NUMBER]
    if (place !== undefined) found.set(row[place], (found.get(row[place]) ?? 0) + row[NUMBER])
  }
  return { all, found }
}

/** How many facilities have a flag, under all filters but flags. */
export function tallyFlag(release, view, flag) {
  const isShown = filterOfCounts(release, view, 'flags')
  const bit = 1 << flag
  return release.counts.reduce((sum, row) => sum + (isShown(row) && row[FLAGS] & bit ? row[NUMBER] : 0), 0)
}

function filterOfCounts(release, view, but) {
  const layers = new Set(release.layers.flatMap((layer, at) => (view.hiddenLayers.has(layer.id) ? [at] : [])))
  const sectors = new Set(release.sectors.flatMap((code, at) => (view.hiddenSectors.has(code) ? [at] : [])))
  if (view.hiddenSectors.has('')) sectors.add(-1)
  const lifelines = new Set(
    release.lifeline_values.flatMap((value, at) => (view.hiddenLifelines.has(lifelineName(value)) ? [at] : [])),
  )
  if (view.hiddenLifelines.has('')) lifelines.add(-1)
  const states = new Set(release.states.flatMap((state, at) => (isWanted(state, view) ? [at] : [])))
  const isAnywhere = view.state === '' && view.region === ''
  const bits = release.flags.reduce((sum, flag, at) => sum | (view.flags.has(flag.code) ? 1 << at : 0), 0)
  return (row) =>
    (but === 'layer' || !layers.has(row[LAYER])) &&
    (but === 'sector' || !sectors.has(row[SECTOR])) &&
    (but === 'lifeline' || !lifelines.has(row[LIFELINE])) &&
    (but === 'state' || isAnywhere || states.has(row[STATE])) &&
    (but === 'flags' || bits === 0 || (row[FLAGS] & bits) !== 0)
}

function isWanted(state, view) {
  return (view.state === '' || state.code === view.state) && (view.region === '' || state.region === view.region)
}

/** `Energy` of `Energy/Power Grid`. */
export function lifelineName(value) {
  return value.split('/')[0]
}
