/* What went wrong, told on the page: each thing once, until somebody puts it away. */

import { byId, element } from './dom.js'

const told = new Set()

/** Tells of a failure in words that say what to do. */
export function tell(text) {
  if (told.has(text)) return
  told.add(text)
  const notice = element('p', { class: 'notice' }, element('span', {}, text))
  const close = element('button', { type: 'button', 'aria-label': 'Close this message', click: () => notice.remove() }, '×')
  notice.append(close)
  byId('notices').append(notice)
}

/** Whether this browser can draw the map at all. */
export function canDraw() {
  try {
    return document.createElement('canvas').getContext('webgl2') !== null
  } catch {
    return false
  }
}
