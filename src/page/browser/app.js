/* The page: one view, drawn by the map and by the panel, and said by the address. */

import 'maplibre-gl/dist/maplibre-gl.css'
import './app.css'
import { changeChoice, readChanges, shownChanges } from './changes.js'
import { showDetail } from './detail.js'
import { byId } from './dom.js'
import { FacilityMap } from './map.js'
import { canDraw, tell } from './notices.js'
import { drawList, drawPanel } from './panel.js'
import { readRelease } from './release.js'
import { search, searchBox } from './search.js'
import { followTheme, themeNow } from './theme.js'
import { fromHash, toHash } from './view.js'

/** How near one looks at a facility that was searched for. */
const NEAR = 11
const NARROW = matchMedia('(max-width: 46rem)')

const page = { release: null, view: fromHash(location.hash), map: null, here: [], place: 0 }

/** Changes the view, and all that follows from it. */
function change(parts, isElsewhere = false) {
  Object.assign(page.view, parts)
  draw()
  if (isElsewhere) goToPlaces()
}

function draw() {
  drawPanel(page.release, page.view, change)
  changeChoice(byId('changes'), page.release, page.view, (value) => change({ change: value }))
  page.map?.draw(page.view, themeNow())
  drawChanges()
  say()
}

async function drawChanges() {
  if (page.view.change === '') return
  try {
    const all = await readChanges()
    page.map?.setChanges(shownChanges(all, page.release, page.view))
  } catch (error) {
    tell(error.message)
  }
}

function say() {
  history.replaceState(null, '', toHash(page.view))
}

/** Goes to the states that are asked for. */
function goToPlaces() {
  const { state, region } = page.view
  const wanted = page.release.states.filter((known) => (state ? known.code === state : known.region === region) && known.box)
  if (!state && !region) page.map?.fit(page.release.view)
  else if (wanted.length > 0) page.map?.fit(around(wanted.map((known) => known.box)))
}

function around(boxes) {
  return [0, 1, 2, 3].map((side) => (side < 2 ? Math.min : Math.max)(...boxes.map((box) => box[side])))
}

/** Shows a facility, of those that are in the same place. */
async function show(found, place, isToHeading) {
  const facility = found[place]
  page.here = found
  page.place = place
  page.view.facility = facility.id
  say()
  const card = byId('detail')
  card.hidden = false
  card.dataset.facility = facility.id
  document.body.classList.add('has-detail')
  page.map?.choose(facility.geometry ?? { type: 'Point', coordinates: facility.at })
  const hooks = { close, place, number: found.length, step: (by) => show(found, (place + by + found.length) % found.length, true) }
  const reading = showDetail(card, page.release, facility, hooks)
  if (isToHeading) byId('detail-name')?.focus({ preventScroll: true })
  const full = await reading
  if (isToHeading && card.dataset.facility === facility.id) byId('detail-name')?.focus({ preventScroll: true })
  if (full && full.geometry.type !== 'Point' && page.view.facility === facility.id) page.map?.choose(full.geometry)
}

function close() {
  if (byId('detail').hidden) return
  byId('detail').hidden = true
  delete byId('detail').dataset.facility
  document.body.classList.remove('has-detail')
  page.view.facility = ''
  page.map?.choose(null)
  say()
  page.map?.canvas.getCanvas().focus({ preventScroll: true })
}

function goAndShow(row) {
  openPanel(false)
  page.map?.goTo(row.at, NEAR, NARROW.matches ? [0, -innerHeight / 4] : [-innerWidth / 8, 0])
  show([row], 0, true)
}

/** The facility that the address names: it is looked for by its id, as if somebody had typed it. */
async function showNamed() {
  const id = page.view.facility
  if (!id) return
  const drawn = page.map?.facilitiesIn().find((facility) => facility.id === id)
  if (drawn) return show([drawn], 0, false)
  try {
    const rows = await search(id, new Map(page.release.layers.map((layer) => [layer.id, layer])))
    const row = rows.find((found) => found.id === id)
    if (row) show([row], 0, false)
    else tell(`This release has no facility ${id}`)
  } catch (error) {
    tell(error.message)
  }
}

function openPanel(isOpen) {
  document.body.classList.toggle('panel-open', isOpen)
  byId('toggle').setAttribute('aria-expanded', String(isOpen))
  byId('toggle').textContent = isOpen ? 'Done' : 'Filters'
}

function listInView() {
  if (byId('in-view-box').open) drawList(page.map?.facilitiesIn() ?? [], (facility) => show([facility], 0, true))
}

function drawOverview() {
  byId('overview').hidden = (page.map?.canvas.getZoom() ?? 0) >= page.release.full_zoom || page.view.change !== ''
}

function wireMap() {
  const { canvas } = page.map
  canvas.on('click', ({ point }) => {
    const found = page.map.facilitiesAt(point)
    if (found.length > 0) show(found, 0, false)
    else close()
  })
  canvas.on('mousemove', ({ point }) => {
    const [facility] = page.map.facilitiesAt(point)
    canvas.getCanvas().style.cursor = facility ? 'pointer' : ''
    const hint = byId('hint')
    hint.hidden = !facility
    if (!facility) return
    hint.textContent = facility.name || facility.id
    hint.style.left = `${point.x}px`
    hint.style.top = `${point.y}px`
  })
  canvas.on('mouseout', () => {
    byId('hint').hidden = true
  })
  canvas.on('moveend', () => {
    page.view.at = page.map.at()
    page.map.followZoom()
    drawOverview()
    say()
  })
  canvas.on('idle', listInView)
  canvas.once('idle', showNamed)
}

function wirePage() {
  followTheme(() => page.map?.draw(page.view, themeNow()))
  byId('toggle').addEventListener('click', () => openPanel(!document.body.classList.contains('panel-open')))
  byId('in-view-box').addEventListener('toggle', listInView)
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return
    if (!byId('detail').hidden) close()
    else openPanel(false)
  })
  window.addEventListener('hashchange', () => {
    page.view = fromHash(location.hash)
    draw()
    const { at } = page.view
    if (at) page.map?.canvas.jumpTo({ center: [at.longitude, at.latitude], zoom: at.zoom })
    if (page.view.facility) showNamed()
    else close()
  })
  searchBox(byId('search'), byId('found'), byId('search-status'), { release: page.release, choose: goAndShow, fail: tell })
}

async function start() {
  try {
    page.release = await readRelease()
  } catch (error) {
    byId('start').textContent = location.protocol === 'file:' ? byId('start').dataset.file : error.message
    return
  }
  byId('start').remove()
  document.body.classList.add('ready')
  if (canDraw()) {
    page.map = new FacilityMap(byId('map'), page.release, page.view, themeNow(), NARROW.matches)
    wireMap()
  } else {
    tell('This browser can’t draw the map: WebGL 2 is missing or switched off. Search and the tables of the release work all the same.')
  }
  wirePage()
  draw()
  drawOverview()
}

start()
