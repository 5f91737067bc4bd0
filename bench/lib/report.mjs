// The results: a table for the terminal and the docs, JSON, a plot.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { plot } from './svg.mjs'

const RESULTS = new URL('../results/', import.meta.url)
const DOCS = new URL('../../docs/', import.meta.url)

/** Collects values by measure and participant over the rounds of a run. */
export class Result {
  /** @param ours the participant that ratios refer to; a measure's own `ours` takes precedence */
  constructor(ours, notes = []) {
    this.ours = ours
    this.notes = notes
    this.measures = []
  }

  /**
   * @param target { of: who, max | min: ratio } or { max | min: value } or several of them, for `ours` of the measure;
   *   { who } for another participant's
   */
  add(measure, unit, who, value, { target, ours = this.ours } = {}) {
    let known = this.measures.find(one => one.measure === measure)
    if (!known) this.measures.push((known = { measure, unit, ours, targets: [], values: {} }))
    if (target && known.targets.length === 0) known.targets = [target].flat()
    ;(known.values[who] ??= []).push(value)
  }
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function number(value) {
  const size = Math.abs(value)
  if (size >= 100) return Math.round(value).toLocaleString('en')
  return size === 0 ? '0' : String(Number(value.toPrecision(2 + (size >= 10))))
}

/** A number with its unit, if it has one. */
export function quantity(value, unit) {
  return unit ? `${number(value)} ${unit}` : number(value)
}

function cells({ values, ours, unit }) {
  const reference = values[ours] && median(values[ours])
  return Object.entries(values).map(([who, list]) => {
    const value = median(list)
    const ratio = who === ours || reference === undefined || value === 0 ? '' : ` (${number(reference / value)})`
    return { who, text: quantity(value, unit) + ratio }
  })
}

/** Each target and whether it is met. A participant that is not in the run has none. */
export function judged({ values, ours, targets, unit }) {
  return targets.flatMap(({ who = ours, of, max, min }) => {
    if (!values[who] || (of && !values[of])) return []
    const value = median(values[who]) / (of ? median(values[of]) : 1)
    const bound = max ?? min
    const text = `${who === ours ? '' : `${who} `}${max === undefined ? '≥' : '≤'} ${of ? `${bound} × ${of}` : quantity(bound, unit)}`
    return [{ text, met: max === undefined ? value >= bound : value <= bound }]
  })
}

function lines(result) {
  return result.measures.map(measure => [
    measure.measure,
    cells(measure).map(({ who, text }) => `${who} ${text}`).join(' · '),
    judged(measure).map(({ text, met }) => `${text}: ${met ? 'met' : 'missed'}`).join('; '),
  ])
}

export function printTable(result) {
  for (const [measure, values, targets] of lines(result)) {
    console.log(`  ${measure}`)
    console.log(`      ${values}`)
    if (targets) console.log(`      wanted: ${targets}`)
  }
  result.notes.forEach(note => console.log(`  ${note}`))
  console.log('  (median of the rounds; in parentheses ours divided by it)')
}

function markdown(name, result, options) {
  const readers = options.readers ? ` --reader=${options.readers[0]}` : ''
  const settings = Object.entries(options.settings).map(([key, value]) => ` --set ${key}=${value}`).join('')
  return [
    `\`./walcast bench ${name}${readers}${settings}\`, ${new Date().toISOString().slice(0, 10)}, ${result.seconds} s.`,
    '',
    '| Measure | Median, and ours divided by it | Wanted |',
    '|---|---|---|',
    ...lines(result).map(columns => `| ${columns.map(text => text.replaceAll('|', '\\|')).join(' | ')} |`),
    '',
    ...result.notes.flatMap(note => [note, '']),
    `![${name}](plots/${name}.svg)`,
  ].join('\n')
}

/** @return the files */
export function writeResults({ name, about }, result, options) {
  mkdirSync(RESULTS, { recursive: true })
  const whole = { name, about, date: new Date().toISOString(), quick: options.quick, seconds: result.seconds,
    machine: { processors: cpus().length, model: cpus()[0]?.model, node: process.version }, settings: options.settings,
    notes: result.notes, measures: result.measures.map(one => ({ ...one, medians: Object.fromEntries(
      Object.entries(one.values).map(([who, list]) => [who, median(list)])), targets: judged(one) })) }
  const files = [new URL(`${name}.json`, RESULTS), new URL(`${name}.svg`, RESULTS)]
  writeFileSync(files[0], JSON.stringify(whole, null, 1) + '\n')
  writeFileSync(files[1], plot(name, whole))
  if (options.docs) files.push(...writeDocs(name, result, options, whole))
  return files.map(file => file.pathname.replace(/.*\/(bench|docs)\//, '$1/'))
}

/** Replaces the text between the two marks with the benchmark's name. */
function writeDocs(name, result, options, whole) {
  const page = new URL('benchmarks.md', DOCS)
  const text = readFileSync(page, 'utf8')
  const [begin, end] = [`<!-- bench ${name} -->`, `<!-- /bench ${name} -->`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md has no place for ${name}: ${begin} ... ${end}`)
  writeFileSync(page, `${text.slice(0, from)}${begin}\n${markdown(name, result, options)}\n${text.slice(to)}`)
  const svg = new URL(`plots/${name}.svg`, DOCS)
  mkdirSync(new URL('plots/', DOCS), { recursive: true })
  writeFileSync(svg, plot(name, whole))
  return [page, svg]
}
