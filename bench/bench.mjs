// `./walcast bench`: finds the benchmarks (one file each in benchmarks/), reads the options, runs them, writes the results.
import { readdirSync } from 'node:fs'
import { readOptions, usage } from './lib/options.mjs'
import { endAll } from './lib/processes.mjs'
import { printTable, writeResults } from './lib/report.mjs'

const folder = new URL('./benchmarks/', import.meta.url)
const benchmarks = []
for (const file of readdirSync(folder).filter(name => name.endsWith('.mjs')).sort()) {
  benchmarks.push({ name: file.slice(0, -'.mjs'.length), ...(await import(new URL(file, folder))).default })
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

const { chosen, options } = readOptions(process.argv.slice(2), benchmarks)
if (chosen.length === 0) {
  console.log(usage(benchmarks))
  process.exit(0)
}
let failed = 0
for (const benchmark of chosen) {
  console.log(`\n${benchmark.name}: ${benchmark.about}`)
  const began = performance.now()
  try {
    const result = await withTimeLimit(benchmark, options)
    result.seconds = Math.round((performance.now() - began) / 1000)
    printTable(result)
    for (const file of writeResults(benchmark, result, options)) console.log(`  written: ${file}`)
  } catch (error) {
    failed++
    console.error(`  ${benchmark.name} failed: ${error.stack ?? error}`)
  } finally {
    await endAll()
  }
}
process.exit(failed ? 1 : 0)

/** Fails a benchmark that takes longer than its limit. */
async function withTimeLimit(benchmark, options) {
  let timer
  const late = new Promise((_, reject) => {
    const minutes = benchmark.minutes ?? 5
    timer = setTimeout(() => reject(new Error(`not done after ${minutes} minutes`)), minutes * 60_000)
  })
  try {
    return await Promise.race([benchmark.run(options), late])
  } finally {
    clearTimeout(timer)
  }
}
