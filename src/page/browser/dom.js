/* Elements made in code. Every text goes in as text: a name of a facility can never become markup. */

/**
 * An element: its attributes, then what stands in it. A function among the attributes listens to the event of that name.
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      made.addEventListener(name, value)
    } else if (value === true) {
      made.setAttribute(name, '')
    } else if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(name, value)
    }
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined))
  return made
}

/** The element of an id that the page itself has. */
export function byId(id) {
  return document.getElementById(id)
}

/** A number with separators, as everybody reads it. */
export function count(number) {
  return number.toLocaleString('en-US')
}

/** `1 facility`, `12 facilities`. */
export function facilities(number) {
  return `${count(number)} ${number === 1 ? 'facility' : 'facilities'}`
}

/** A sector's mark, as the map draws it: a disc, or a ring for every second of its hue. */
export function swatch(group) {
  const made = element('span', { class: `swatch ${group.mark}`, 'aria-hidden': 'true' })
  made.style.setProperty('--light', group.colour[0])
  made.style.setProperty('--dark', group.colour[1])
  return made
}
