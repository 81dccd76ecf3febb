/* What the map draws, as a MapLibre style: made anew of the release and the view whenever one of them changes. */

import { groupsOf, lifelineName, shownLayers } from './release.js'

/** From this zoom on counties are outlined; their archive isn't opened before. */
export const COUNTY_ZOOM = 6
/** From this zoom on lines and areas are drawn as such; before, each is the point that the inventory has for it. */
export const SHAPE_ZOOM = 8

const GREY = ['#59636e', '#a3adb8']

const COLOURS = {
  light: { water: '#dfe7ee', land: '#fbfaf7', border: '#8b96a1', county: '#c9cfd6', seam: '#ffffff', chosen: '#14181d' },
  dark: { water: '#0d1217', land: '#1b222a', border: '#66727f', county: '#343e49', seam: '#12171d', chosen: '#ffffff' },
}

/** The style of a view, in the light or the dark; `zoom` decides which archives it takes. */
export function styleOf(release, view, theme, zoom) {
  const colours = COLOURS[theme]
  const drawn = drawings(release, view, zoom)
  const sources = { states: { type: 'geojson', data: release.outlines } }
  if (release.archives.includes('counties') && zoom >= COUNTY_ZOOM) sources.counties = archiveSource('counties')
  for (const { name } of drawn) sources[name] = archiveSource(name)
  sources.changes = { type: 'geojson', data: emptyCollection(), promoteId: 'facility_id' }
  sources.chosen = { type: 'geojson', data: emptyCollection() }
  return {
    version: 8,
    sources,
    layers: [
      { id: 'water', type: 'background', paint: { 'background-color': colours.water } },
      { id: 'land', type: 'fill', source: 'states', paint: { 'fill-color': colours.land, 'fill-antialias': false } },
      ...(sources.counties ? [countyLines(colours)] : []),
      stateLines(colours),
      ...drawn.flatMap((drawing) => facilityLayers(release, view, theme, drawing)),
      ...changeLayers(colours, view),
      ...chosenLayers(colours),
    ],
  }
}

/** The layers of the style that facilities are found in by a click. */
export function clickable(style) {
  return style.layers.filter((layer) => layer.metadata?.facilities).map((layer) => layer.id)
}

export function emptyCollection() {
  return { type: 'FeatureCollection', features: [] }
}

/** Which archives are drawn, and of which layers they show rows. */
function drawings(release, view, zoom) {
  if (view.change !== '') return []
  const shown = shownLayers(release, view)
  const hasInventory = release.archives.includes('facilities')
  const areOwn = shown.length === 1 || !hasInventory
  const own = shown.filter((layer) => areOwn || !layer.in_inventory || (layer.shape !== 'point' && zoom >= SHAPE_ZOOM))
  const own_ids = new Set(own.map((layer) => layer.id))
  const rest = shown.filter((layer) => !own_ids.has(layer.id)).map((layer) => layer.id)
  const inventory = hasInventory && rest.length > 0 ? [{ name: 'facilities', layers: rest }] : []
  return [...own.map((layer) => ({ name: layer.id, layers: null })), ...inventory]
}

function archiveSource(name) {
  return { type: 'vector', url: `pmtiles://${name}.pmtiles` }
}

function countyLines(colours) {
  const width = ['interpolate', ['linear'], ['zoom'], COUNTY_ZOOM, 0.5, 12, 1.2]
  return { id: 'counties', type: 'line', source: 'counties', 'source-layer': 'counties', paint: { 'line-color': colours.county, 'line-width': width } }
}

function stateLines(colours) {
  const width = ['interpolate', ['linear'], ['zoom'], 3, 0.7, 8, 1.6, 12, 2.2]
  return { id: 'states', type: 'line', source: 'states', layout: { 'line-join': 'round' }, paint: { 'line-color': colours.border, 'line-width': width } }
}

function facilityLayers(release, view, theme, { name, layers }) {
  const colours = COLOURS[theme]
  const groups = groupsOf(release, view)
  const column = view.by === 'lifeline' ? 'lifeline' : 'sector_code'
  const ofGroup = (value, otherwise) => valueByGroup(release, view, column, groups, value, otherwise)
  const hue = ofGroup((group) => group.colour[theme === 'dark' ? 1 : 0], GREY[theme === 'dark' ? 1 : 0])
  const isRing = (group) => group.mark === 'ring'
  const shared = { source: name, 'source-layer': name, metadata: { facilities: true } }
  const filter = filterOf(release, view, layers)
  const ofKind = (kind) => ['all', ['==', ['geometry-type'], kind], filter]
  const grown = (least, middle, most) => ['interpolate', ['linear'], ['zoom'], 3, least, 8, middle, 14, most]
  const points = {
    'circle-color': ofGroup((group) => (isRing(group) ? colours.seam : group.colour[theme === 'dark' ? 1 : 0]), GREY[theme === 'dark' ? 1 : 0]),
    'circle-stroke-color': ofGroup((group) => (isRing(group) ? group.colour[theme === 'dark' ? 1 : 0] : colours.seam), colours.seam),
    'circle-radius': grown(ofGroup((group) => (isRing(group) ? 1.7 : 2.2), 2.2), ofGroup((group) => (isRing(group) ? 2.6 : 3.4), 3.4), ofGroup((group) => (isRing(group) ? 4.8 : 6), 6)),
    'circle-stroke-width': grown(ofGroup((group) => (isRing(group) ? 0.9 : 0.3), 0.3), ofGroup((group) => (isRing(group) ? 1.6 : 0.7), 0.7), ofGroup((group) => (isRing(group) ? 2.6 : 1.4), 1.4)),
  }
  const round = { 'line-cap': 'round', 'line-join': 'round' }
  const shapes = [
    { ...shared, id: `${name}-area`, type: 'fill', filter: ofKind('Polygon'), paint: { 'fill-color': hue, 'fill-opacity': 0.14 } },
    { ...shared, id: `${name}-edge`, type: 'line', filter: ofKind('Polygon'), paint: { 'line-color': hue, 'line-width': 1.2 } },
    { ...shared, id: `${name}-line`, type: 'line', filter: ofKind('LineString'), layout: round, paint: { 'line-color': hue, 'line-width': grown(1, 1.6, 3) } },
  ]
  const point = { ...shared, id: `${name}-point`, type: 'circle', filter: ofKind('Point'), paint: points }
  return name === 'facilities' ? [point] : [...shapes, point]
}

/** An expression that has a value for the groups' members, and another for all else. */
function valueByGroup(release, view, column, groups, value, otherwise) {
  const cases = groups.flatMap((group) => {
    const members = membersIn(release, view, group)
    return members.length > 0 ? [members, value(group)] : []
  })
  return cases.length > 0 ? ['match', ['to-string', ['get', column]], ...cases, otherwise] : otherwise
}

/** What rows of a group have in their column. */
function membersIn(release, view, group) {
  if (view.by !== 'lifeline') return group.members
  return release.lifeline_values.filter((value) => group.members.includes(lifelineName(value)))
}

/** Which rows of an archive are shown. */
function filterOf(release, view, layers) {
  const all = ['all']
  const isOneOf = (column, values) => ['match', ['to-string', ['get', column]], values, true, false]
  if (layers && layers.length < release.layers.length) all.push(isOneOf('layer', layers))
  if (view.hiddenSectors.size > 0) all.push(['!', isOneOf('sector_code', [...view.hiddenSectors])])
  if (view.hiddenLifelines.size > 0) {
    const hidden = release.lifeline_values.filter((value) => view.hiddenLifelines.has(lifelineName(value)))
    if (view.hiddenLifelines.has('')) hidden.push('')
    if (hidden.length > 0) all.push(['!', isOneOf('lifeline', hidden)])
  }
  if (view.region !== '') all.push(['==', ['get', 'region_code'], view.region])
  if (view.state !== '') all.push(['==', ['get', 'state_code'], view.state])
  const flags = release.flags.filter((flag) => view.flags.has(flag.code))
  if (flags.length > 0) all.push(['any', ...flags.map((flag) => ['==', ['get', flag.column], flag.value])])
  return all
}

/** Marks of the changes are told apart by form as well as by hue. */
export const CHANGES = {
  added: { name: 'Added', colour: ['#0b6fae', '#63b7f0'], mark: 'disc' },
  removed: { name: 'Removed', colour: ['#c2410c', '#ff9d6b'], mark: 'ring' },
  moved: { name: 'Moved', colour: ['#8a3b86', '#e39ade'], mark: 'disc' },
  changed: { name: 'Changed otherwise', colour: ['#5b6570', '#b3bdc7'], mark: 'ring' },
}

function changeLayers(colours, view) {
  if (view.change === '') return []
  const theme = colours === COLOURS.dark ? 1 : 0
  const by = (value) => ['match', ['get', 'change'], ...Object.entries(CHANGES).flatMap(([code, change]) => [code, value(change)]), value(CHANGES.changed)]
  const filter = view.change === 'any' ? true : ['==', ['get', 'change'], view.change]
  const grown = (least, most) => ['interpolate', ['linear'], ['zoom'], 3, least, 14, most]
  return [
    {
      id: 'changes',
      type: 'circle',
      source: 'changes',
      filter: ['all', filter],
      metadata: { facilities: true },
      paint: {
        'circle-color': by((change) => (change.mark === 'ring' ? colours.seam : change.colour[theme])),
        'circle-stroke-color': by((change) => (change.mark === 'ring' ? change.colour[theme] : colours.seam)),
        'circle-stroke-width': by((change) => (change.mark === 'ring' ? 2 : 1)),
        'circle-radius': grown(3.4, 7),
      },
    },
  ]
}

function chosenLayers(colours) {
  const ring = (id, radius, width, colour) => ({
    id,
    type: 'circle',
    source: 'chosen',
    filter: ['==', ['geometry-type'], 'Point'],
    paint: { 'circle-radius': radius, 'circle-color': 'rgba(0,0,0,0)', 'circle-stroke-color': colour, 'circle-stroke-width': width },
  })
  const line = (id, width, colour) => ({
    id,
    type: 'line',
    source: 'chosen',
    filter: ['!=', ['geometry-type'], 'Point'],
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': colour, 'line-width': width },
  })
  return [
    line('chosen-seam', 6, colours.land),
    line('chosen-line', 3, colours.chosen),
    ring('chosen-halo', 10, 5, colours.land),
    ring('chosen-ring', 10, 2.5, colours.chosen),
  ]
}
