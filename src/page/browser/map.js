/* The map itself: drawn by MapLibre, told what to draw by `style`, and asked what is where. */

import { Map as Canvas, Marker, NavigationControl, ScaleControl, setWorkerUrl } from 'maplibre-gl'
import { registerArchives } from './archives.js'
import { element } from './dom.js'
import { tell } from './notices.js'
import { clickable, COUNTY_ZOOM, emptyCollection, SHAPE_ZOOM, styleOf } from './style.js'
import { mayMove } from './theme.js'

/** A facility is hit by a click that misses it by no more, pixels. */
const REACH = 6
/** Names of states stand on the map between these zooms. */
const NAMED = [4.3, 7.5]

export class FacilityMap {
  constructor(container, release, view, theme, isNarrow) {
    // The worker is a file of this release: the page's policy lets no script come from anywhere else.
    setWorkerUrl(new URL('worker.js', document.baseURI).href)
    registerArchives([...release.archives, ...release.layers.map((layer) => layer.id)])
    this.release = release
    this.view = view
    this.theme = theme
    this.zoomed = ''
    const at = view.at
    const [west, south, east, north] = release.view
    this.canvas = new Canvas({
      container,
      style: styleOf(release, view, theme, at?.zoom ?? 3),
      ...(at ? { center: [at.longitude, at.latitude], zoom: at.zoom } : { bounds: [[west, south], [east, north]], fitBoundsOptions: { padding: isNarrow ? 8 : 24 } }),
      maxZoom: 18,
      renderWorldCopies: false,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: mayMove() ? 200 : 0,
      maxBounds: null,
    })
    this.canvas.touchZoomRotate.disableRotation()
    this.canvas.keyboard.disableRotation()
    this.canvas.addControl(new NavigationControl({ showCompass: false }), 'top-right')
    this.canvas.addControl(new ScaleControl({ unit: 'imperial' }), 'bottom-right')
    this.canvas.addControl(new ScaleControl({ unit: 'metric' }), 'bottom-right')
    this.canvas.getCanvas().setAttribute('aria-label', 'Map of facilities. Arrow keys move it, plus and minus zoom; the list of facilities in view has the same in words.')
    this.isReady = false
    this.canvas.once('style.load', () => {
      this.isReady = true
      this.draw(this.view, this.theme)
    })
    this.canvas.on('error', ({ error }) => this.failed(error))
    this.nameStates()
  }

  failed(error) {
    // What an archive says has been told where it was read; what was withdrawn is no failure.
    if (error?.name === 'AbortError' || /pmtiles|map\/|byte ranges/.test(error?.message ?? '')) return
    tell(`The map reports: ${error?.message ?? 'an unknown failure'}`)
  }

  /** Draws another view. */
  draw(view, theme) {
    this.view = view
    this.theme = theme
    // A style can't be changed before the first one is there; what is asked for until then is drawn at once afterwards.
    if (!this.isReady) return
    this.canvas.setStyle(styleOf(this.release, view, theme, this.canvas.getZoom()), { diff: true })
    this.fillChosen()
    this.fillChanges()
  }

  /** Archives of counties, lines and areas are opened where the zoom asks for them. */
  followZoom() {
    const now = [COUNTY_ZOOM, SHAPE_ZOOM].map((zoom) => this.canvas.getZoom() >= zoom).join()
    if (now !== this.zoomed) this.draw(this.view, this.theme)
    this.zoomed = now
  }

  nameStates() {
    for (const state of this.release.states.filter((known) => known.label)) {
      const text = element('span', { class: 'state-name', 'aria-hidden': 'true' }, state.code)
      new Marker({ element: text, subpixelPositioning: true }).setLngLat(state.label).addTo(this.canvas)
    }
    const show = () => {
      const zoom = this.canvas.getZoom()
      this.canvas.getContainer().classList.toggle('unnamed', zoom < NAMED[0] || zoom > NAMED[1])
    }
    this.canvas.on('zoom', show)
    show()
  }

  /** The facilities at a place of the screen, the nearest first. */
  facilitiesAt({ x, y }) {
    const box = [[x - REACH, y - REACH], [x + REACH, y + REACH]]
    return this.facilitiesIn(box)
  }

  /** The facilities drawn in a box of the screen, or in all of it. */
  facilitiesIn(box) {
    const layers = clickable(this.canvas.getStyle()).filter((id) => this.canvas.getLayer(id))
    if (layers.length === 0) return []
    const found = new Map()
    for (const feature of this.canvas.queryRenderedFeatures(box, { layers })) {
      const facility = facilityOf(feature, this.canvas)
      // A facility may lie in the buffers of two tiles.
      if (facility && !found.has(facility.id)) found.set(facility.id, facility)
    }
    return [...found.values()]
  }

  /** Shows a facility as the chosen one; none where nothing is. */
  choose(geometry) {
    this.chosen = geometry
    this.fillChosen()
  }

  fillChosen() {
    const features = this.chosen ? [{ type: 'Feature', properties: {}, geometry: this.chosen }] : []
    this.canvas.getSource('chosen')?.setData({ ...emptyCollection(), features })
  }

  /** Shows changes. */
  setChanges(collection) {
    this.changes = collection
    this.fillChanges()
  }

  fillChanges() {
    this.canvas.getSource('changes')?.setData(this.changes ?? emptyCollection())
  }

  /** Goes to a place, and shows it so many pixels from the middle: beside the card, not beneath it. */
  goTo([longitude, latitude], zoom, offset) {
    const there = { center: [longitude, latitude], zoom: Math.max(zoom, this.canvas.getZoom()), offset }
    if (mayMove()) this.canvas.flyTo({ ...there, duration: 1200 })
    else this.canvas.easeTo({ ...there, duration: 0 })
  }

  /** Goes to a box. */
  fit([west, south, east, north]) {
    this.canvas.fitBounds([[west, south], [east, north]], { padding: 40, maxZoom: 12, duration: mayMove() ? 900 : 0 })
  }

  /** Where it is. */
  at() {
    const { lng, lat } = this.canvas.getCenter()
    return { zoom: this.canvas.getZoom(), latitude: lat, longitude: lng }
  }
}

/** A drawn feature as a facility, and a place that it is at. */
function facilityOf(feature, canvas) {
  const { properties } = feature
  if (!properties.facility_id) return null
  return {
    id: properties.facility_id,
    name: properties.name ?? '',
    layer: properties.layer ?? properties.facility_id.split(':')[0],
    change: properties.change,
    fields: properties.fields,
    properties: properties.change ? {} : properties,
    geometry: feature.geometry,
    at: placeOf(feature.geometry, canvas),
  }
}

/** The point itself; of a line or an area, a corner that is in view. */
function placeOf(geometry, canvas) {
  const corners = geometry.coordinates.flat(Infinity)
  if (geometry.type === 'Point') return corners
  const bounds = canvas.getBounds()
  for (let at = 0; at < corners.length; at += 2) {
    if (bounds.contains([corners[at], corners[at + 1]])) return [corners[at], corners[at + 1]]
  }
  return corners.slice(0, 2)
}

