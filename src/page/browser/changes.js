/* What differs from the release before, as points of its own: tiles are thinned, and hold nothing that is gone. */

import { count, element, swatch } from './dom.js'
import { CHANGES, emptyCollection } from './style.js'

let reading = null

/** The changes as GeoJSON, read once they are asked for. */
export function readChanges() {
  reading ??= fetch('changes.json').then((answer) => {
    if (!answer.ok) throw new Error('map/changes.json is missing on this server: copy the whole folder of the release')
    return answer.json()
  })
  return reading
}

/** Those that the other filters let through. */
export function shownChanges(all, release, view) {
  const regions = new Map(release.states.map((state) => [state.code, state.region]))
  const isShown = ({ properties }) =>
    (view.change === 'any' || properties.change === view.change) &&
    !view.hiddenLayers.has(properties.layer) &&
    (view.state === '' || properties.state_code === view.state) &&
    (view.region === '' || regions.get(properties.state_code) === view.region)
  return { ...emptyCollection(), features: all.features.filter((feature) => feature.geometry && isShown(feature)) }
}

/** The choice between no filter, any change, and each kind of it. */
export function changeChoice(box, release, view, choose) {
  const told = release.changes
  if (!told) {
    box.replaceChildren(element('p', { class: 'mute' }, 'There is no earlier release to compare with.'))
    return
  }
  const all = Object.keys(CHANGES).reduce((sum, code) => sum + (told[code] ?? 0), 0)
  const choice = (value, label, number, group) => {
    const input = element('input', { type: 'radio', name: 'change', value, change: () => choose(value) })
    input.checked = view.change === value
    const mark = group ? swatch(group) : element('span', { class: 'swatch none' })
    return element('label', { class: 'row' }, input, mark, element('span', { class: 'name' }, label), element('span', { class: 'n' }, number))
  }
  const kinds = Object.entries(CHANGES).map(([code, change]) => choice(code, change.name, count(told[code] ?? 0), change))
  const note = [`Compared with release ${told.against}.`]
  if (told.left_out > 0) note.push(`${count(told.left_out)} changes are left out here; the tables in changes/ have all.`)
  box.replaceChildren(choice('', 'All facilities', '', null), choice('any', 'Any change', count(all), null), ...kinds, element('p', { class: 'mute' }, note.join(' ')))
}
