/* Light or dark: as the system has it, unless the reader says otherwise. */

import { byId } from './dom.js'

const SYSTEM = matchMedia('(prefers-color-scheme: dark)')
const KEY = 'cikr-theme'

let chosen = remembered()

/** `light` or `dark`, as the page is shown now. */
export function themeNow() {
  return chosen ?? (SYSTEM.matches ? 'dark' : 'light')
}

/** Whether things may move. */
export function mayMove() {
  return !matchMedia('(prefers-reduced-motion: reduce)').matches
}

/** Makes the button of the page change between both, and tells of every change. */
export function followTheme(tell) {
  const show = () => {
    document.documentElement.dataset.theme = themeNow()
    byId('theme').textContent = themeNow() === 'dark' ? 'Light' : 'Dark'
    byId('theme').setAttribute('aria-label', `Show in the ${themeNow() === 'dark' ? 'light' : 'dark'}`)
  }
  SYSTEM.addEventListener('change', () => {
    show()
    tell()
  })
  byId('theme').addEventListener('click', () => {
    chosen = themeNow() === 'dark' ? 'light' : 'dark'
    remember(chosen)
    show()
    tell()
  })
  show()
}

// A browser may forbid a page to keep anything; the choice then lasts as long as the page.

function remembered() {
  try {
    return ['light', 'dark'].find((theme) => theme === localStorage.getItem(KEY)) ?? null
  } catch {
    return null
  }
}

function remember(theme) {
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    chosen = theme
  }
}
