// A plain bar chart of each measure: one bar for each participant, lengths relative to the longest of the measure.
import { quantity } from './report.mjs'

const WIDTH = 760
const LABEL = 190
const VALUE = 110
const BAR = 16
const COLOURS = ['#2f6f4f', '#7a9e87', '#5b6d8c', '#a3b1c6', '#b08d57', '#d3bd94']

const escaped = text => text.replace(/[&<>"]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c])

export function plot(name, { measures, date, machine }) {
  const parts = []
  const participants = [...new Set(measures.flatMap(({ medians }) => Object.keys(medians)))]
  let y = 30
  for (const { measure, unit, medians } of measures) {
    parts.push(`<text x="8" y="${y + 12}" font-weight="bold">${escaped(measure)}</text>`)
    y += 20
    const longest = Math.max(...Object.values(medians), Number.MIN_VALUE)
    for (const [who, value] of Object.entries(medians)) {
      const length = Math.max(1, (value / longest) * (WIDTH - LABEL - VALUE))
      parts.push(
        `<text x="${LABEL - 6}" y="${y + 12}" text-anchor="end">${escaped(who)}</text>`,
        `<rect x="${LABEL}" y="${y + 1}" width="${length.toFixed(1)}" height="${BAR - 3}" fill="${COLOURS[participants.indexOf(who) % COLOURS.length]}"/>`,
        `<text x="${(LABEL + length + 6).toFixed(1)}" y="${y + 12}">${escaped(quantity(value, unit))}</text>`)
      y += BAR
    }
    y += 10
  }
  const title = `walcast bench ${name}, ${date.slice(0, 10)}, ${machine.processors} cores; medians`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" font-family="sans-serif" font-size="12" fill="#222">
<rect width="${WIDTH}" height="${y}" fill="#fff"/>
<text x="8" y="18" fill="#666">${escaped(title)}</text>
${parts.join('\n')}
</svg>
`
}
