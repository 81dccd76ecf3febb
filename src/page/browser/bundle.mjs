/* Bundles the map page for browsers: app.js, app.css, worker.js and the notices of what stands in them.

   cd "$(src/page/browser/install.sh --modules)" && node …/bundle.mjs SOURCES FOLDER */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import process from 'node:process'

const modules = path.join(process.cwd(), 'node_modules')
const { build } = createRequire(path.join(process.cwd(), 'package.json'))('esbuild')
const [sources, folder] = process.argv.slice(2)

/** What was taken into a bundle, by paths. */
async function bundle(entry, name) {
  const { metafile } = await build({
    absWorkingDir: process.cwd(),
    entryPoints: [entry],
    outfile: path.join(folder, name),
    nodePaths: [modules],
    bundle: true,
    minify: true,
    metafile: true,
    // One script, not a module: a browser that may not load it from a file can still say so.
    format: 'iife',
    target: 'es2023',
    charset: 'utf8',
    legalComments: 'eof',
    logLevel: 'warning',
  })
  return Object.keys(metafile.inputs)
}

/** The package that a file is of. */
function packageOf(input) {
  const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)
  return match && match[1]
}

const inputs = [
  ...(await bundle(path.join(sources, 'app.js'), 'app.js')),
  ...(await bundle(path.join(modules, 'maplibre-gl/dist/maplibre-gl-worker.mjs'), 'worker.js')),
]
// What MapLibre has bundled itself is told by its own dependencies: its licence asks for their notices as well.
const bundled = Object.keys(JSON.parse(readFileSync(path.join(modules, 'maplibre-gl/package.json'))).dependencies)
const packages = new Set([...inputs.map(packageOf).filter(Boolean), ...bundled.filter((name) => !name.startsWith('@types/'))])
const notices = [...packages].sort().map((name) => {
  const home = path.join(modules, name)
  const { version, license } = JSON.parse(readFileSync(path.join(home, 'package.json')))
  const file = existsSync(home) && readdirSync(home).find((entry) => /^licen[cs]e/i.test(entry))
  const text = file ? readFileSync(path.join(home, file), 'utf8').trim() : ''
  return `${name} ${version} (${license})\n\n${text}`.trim()
})
writeFileSync(path.join(folder, 'licences.txt'), `${notices.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`)
