/* The panel beside the map: legend, layers, filters, and the list of what is in view. */

import { byId, count, element, facilities, swatch } from './dom.js'
import { groupsOf, lifelineName, schemeOf, tally, tallyFlag } from './release.js'

/** Most facilities listed; who wants more of them zooms in. */
const MOST_LISTED = 60

/** Draws all of the panel that follows from the view. */
export function drawPanel(release, view, change) {
  keepFocus(byId('panel'), () => {
    drawSummary(release, view)
    drawColouring(release, view, change)
    drawLegend(release, view, change)
    drawLayers(release, view, change)
    drawPlaces(release, view, change)
    drawFlags(release, view, change)
    drawReset(view, change)
    drawSources(release, view)
  })
}

/** What has the focus is made anew with all the rest: its successor gets it. */
function keepFocus(panel, draw) {
  const key = panel.contains(document.activeElement) ? document.activeElement.dataset.key : null
  draw()
  if (key) panel.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus()
}

function drawSummary(release, view) {
  const shown = tally(release, view).all
  byId('summary').textContent = shown === release.rows ? facilities(release.rows) : `${count(shown)} of ${facilities(release.rows)}`
}

function drawColouring(release, view, change) {
  const choice = (value, label) => {
    const input = element('input', { type: 'radio', name: 'by', value, 'data-key': `by-${value}`, change: () => change({ by: value }) })
    input.checked = view.by === value
    return element('label', {}, input, element('span', {}, label))
  }
  byId('by').replaceChildren(choice('sector', 'Sectors'), choice('lifeline', 'Lifelines'))
  const shown = schemeOf(release, view)
  const options = release.schemes.toReversed().map((scheme, at) => {
    const option = element('option', { value: at === 0 ? '' : scheme.id }, scheme.title)
    option.selected = scheme === shown
    return option
  })
  const select = element('select', { id: 'scheme', 'data-key': 'scheme', change: (event) => change({ scheme: event.target.value }) }, ...options)
  const label = element('label', { for: 'scheme' }, 'Sectors as of')
  byId('schemes').replaceChildren(...(view.by === 'sector' ? [label, select] : []))
}

function drawLegend(release, view, change) {
  const what = view.by === 'lifeline' ? 'lifeline' : 'sector'
  const { found } = tally(release, view, what)
  const numberOf = (group) => group.members.reduce((sum, member) => sum + countOf(release, view, found, member), 0)
  const groups = groupsOf(release, view).map((group) => ({ ...group, number: numberOf(group) }))
  const rest = { key: '', list: groups[0]?.list ?? 'hiddenSectors', members: [''], name: what === 'sector' ? 'No sector' : 'No lifeline', colour: ['#59636e', '#a3adb8'], mark: 'disc', number: found.get(-1) ?? 0 }
  const rows = [...groups.filter((group) => group.number > 0 || isHidden(view, group)), ...(rest.number > 0 ? [rest] : [])]
  const list = groups[0]?.list ?? 'hiddenSectors'
  byId('legend').replaceChildren(...rows.map((group) => toggleRow({
    key: `group-${group.key}`,
    name: group.name,
    mark: swatch(group),
    number: group.number,
    isOn: !isHidden(view, group),
    toggle: (isOn) => change({ [list]: toggled(view[list], group.members, isOn) }),
    only: () => change({ [list]: new Set(rows.filter((row) => row !== group).flatMap((row) => row.members)) }),
  })))
}

function countOf(release, view, found, member) {
  if (view.by !== 'lifeline') return found.get(release.sectors.indexOf(member)) ?? 0
  return release.lifeline_values.reduce((sum, value, at) => sum + (lifelineName(value) === member ? (found.get(at) ?? 0) : 0), 0)
}

function isHidden(view, group) {
  return group.members.length > 0 && group.members.every((member) => view[group.list].has(member))
}

function drawLayers(release, view, change) {
  const { found } = tally(release, view, 'layer')
  const rows = release.layers.map((layer, at) => ({ layer, number: found.get(at) ?? 0 }))
  rows.sort((a, b) => a.layer.title.localeCompare(b.layer.title))
  byId('layers').replaceChildren(...rows.map(({ layer, number }) => toggleRow({
    key: `layer-${layer.id}`,
    name: layer.title,
    mark: element('span', { class: `shape ${layer.shape}`, 'aria-hidden': 'true' }),
    note: layer.synthetic ? 'made up' : '',
    number,
    isOn: !view.hiddenLayers.has(layer.id),
    toggle: (isOn) => change({ hiddenLayers: toggled(view.hiddenLayers, [layer.id], isOn) }),
    only: () => change({ hiddenLayers: new Set(release.layers.filter((other) => other !== layer).map((other) => other.id)) }),
  })))
}

function toggleRow({ key, name, mark, note, number, isOn, toggle, only }) {
  const input = element('input', { type: 'checkbox', 'data-key': key, change: (event) => toggle(event.target.checked) })
  input.checked = isOn
  const tag = note ? element('span', { class: 'tag' }, note) : null
  const label = element('label', { class: 'row' }, input, mark, element('span', { class: 'name' }, name, tag ? ' ' : null, tag), element('span', { class: 'n' }, count(number)))
  const alone = element('button', { type: 'button', class: 'only', 'data-key': `only-${key}`, 'aria-label': `Only ${name}`, click: only }, 'only')
  return element('li', { class: isOn ? '' : 'off' }, label, alone)
}

function toggled(hidden, members, isOn) {
  const next = new Set(hidden)
  members.forEach((member) => (isOn ? next.delete(member) : next.add(member)))
  return next
}

function drawPlaces(release, view, change) {
  const { found } = tally(release, view, 'state')
  const numberOf = (codes) => release.states.reduce((sum, state, at) => sum + (codes.includes(state.code) ? (found.get(at) ?? 0) : 0), 0)
  const option = (value, label, isChosen) => {
    const made = element('option', { value }, label)
    made.selected = isChosen
    return made
  }
  const regions = release.regions.map((region) => {
    const codes = release.states.filter((state) => state.region === region.code).map((state) => state.code)
    const number = view.state === '' || codes.includes(view.state) ? ` (${count(numberOf(codes))})` : ''
    return option(region.code, `${region.name}${number}`, view.region === region.code)
  })
  const listed = release.states.toSorted((a, b) => a.name.localeCompare(b.name))
  const states = listed
    .filter((state) => (state.label || numberOf([state.code]) > 0) && (view.region === '' || state.region === view.region))
    .map((state) => option(state.code, `${state.name} (${count(numberOf([state.code]))})`, view.state === state.code))
  const select = (id, label, first, options, act) => [
    element('label', { for: id }, label),
    element('select', { id, 'data-key': id, change: (event) => act(event.target.value) }, option('', first, false), ...options),
  ]
  byId('places').replaceChildren(
    ...select('region', 'Region', 'All regions', regions, (region) => change({ region, state: '' }, true)),
    ...select('state', 'State', 'All states', states, (state) => change({ state }, true)),
  )
}

function drawFlags(release, view, change) {
  byId('flags').replaceChildren(...release.flags.map((flag, at) => {
    const input = element('input', { type: 'checkbox', 'data-key': `flag-${flag.code}`, change: (event) => change({ flags: toggled(view.flags, [flag.code], !event.target.checked) }) })
    input.checked = view.flags.has(flag.code)
    const number = element('span', { class: 'n' }, count(tallyFlag(release, view, at)))
    return element('li', {}, element('label', { class: 'row' }, input, element('span', { class: 'name' }, flag.name), number))
  }))
}

function drawReset(view, change) {
  const isFiltered = view.region || view.state || view.change || [view.hiddenSectors, view.hiddenLifelines, view.hiddenLayers, view.flags].some((set) => set.size > 0)
  byId('reset').hidden = !isFiltered
  byId('reset').onclick = () => change({ region: '', state: '', change: '', hiddenSectors: new Set(), hiddenLifelines: new Set(), hiddenLayers: new Set(), flags: new Set() })
}

function drawSources(release, view) {
  const agencies = new Set(release.layers.filter((layer) => !view.hiddenLayers.has(layer.id)).map((layer) => layer.agency))
  byId('attribution').textContent = `Sources: ${[...agencies].filter(Boolean).join('; ')}`
}

/** Facilities in view as a list: the same as the map has, for whoever doesn't use the map. */
export function drawList(found, choose) {
  const names = found.toSorted((a, b) => (a.name || a.id).localeCompare(b.name || b.id)).slice(0, MOST_LISTED)
  const more = found.length > names.length ? ` The first ${MOST_LISTED} by name are listed; zoom in for the others.` : ''
  byId('in-view-note').textContent = `${facilities(found.length)} drawn in view.${more}`
  byId('in-view').replaceChildren(...names.map((facility) => {
    const button = element('button', { type: 'button', 'data-key': `view-${facility.id}`, click: () => choose(facility) }, facility.name || facility.id)
    return element('li', {}, button)
  }))
}
