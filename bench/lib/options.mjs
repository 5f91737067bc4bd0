// The command line. Refuses options that are unknown, or that a named benchmark does not use.
const READERS = ['native', 'debezium']

export function usage(benchmarks) {
  const width = Math.max(...benchmarks.map(({ name }) => name.length))
  return [
    'Usage: ./walcast bench NAME... | all [--quick] [--reader=native|debezium] [--set NAME=VALUE]... [--docs]',
    '',
    ...benchmarks.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`),
    `  ${'all'.padEnd(width)}  every one of them, about half an hour; --docs with it renews the numbers of the docs`,
    '',
    '  --quick              short runs, to see that it works: the numbers mean little',
    '  --reader=NAME        only with this reader; otherwise both where it matters, else native',
    '  --set NAME=VALUE     a setting of the server (docs/settings.md); for benchmarks that start one',
    '  --docs               puts tables and plots into docs/ as well (not with --quick)',
    '',
    'Results go to bench/results/NAME.json and NAME.svg. How and what is measured: docs/benchmarks.md',
  ].join('\n')
}

/** Exits with 2 and a sentence when an option is invalid. */
export function readOptions(words, benchmarks) {
  const options = { quick: false, docs: false, readers: undefined, settings: {} }
  const names = []
  for (let i = 0; i < words.length; i++) {
    const [name, value] = split(words[i])
    const argument = () => value ?? words[++i] ?? refuse(`${name} needs a value`)
    if (!name.startsWith('-')) names.push(name)
    else if (name === '--help' || name === '-h') return { chosen: [], options }
    else if (name === '--quick') options.quick = flag(name, value)
    else if (name === '--docs') options.docs = flag(name, value)
    else if (name === '--reader') options.readers = [reader(argument())]
    else if (name === '--set') setting(options.settings, argument())
    else refuse(`there is no option ${name}`)
  }
  if (names.length === 0 && words.length > 0) refuse('which benchmark?')
  if (options.docs && options.quick) refuse('--docs is for whole runs, not for --quick')
  const chosen = names.includes('all') ? benchmarks : names.map(name =>
    benchmarks.find(benchmark => benchmark.name === name) ?? refuse(`there is no benchmark ${name}`))
  if (!names.includes('all')) chosen.forEach(benchmark => checkMeaning(benchmark, options))
  return { chosen, options }
}

/** `all` passes each option to the benchmarks that use it. */
function checkMeaning({ name, readers, server }, options) {
  if (options.readers && !readers) refuse(`--reader means nothing to ${name}`)
  if (Object.keys(options.settings).length > 0 && !server) refuse(`--set means nothing to ${name}`)
}

function split(word) {
  const at = word.startsWith('--') ? word.indexOf('=') : -1
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)]
}

function flag(name, value) {
  return value === undefined || refuse(`${name} takes no value`)
}

function reader(name) {
  return READERS.includes(name) ? name : refuse(`--reader is ${READERS.join(' or ')}, not ${name}`)
}

function setting(settings, text) {
  const at = text.indexOf('=')
  if (at < 1) refuse(`--set is NAME=VALUE, not ${text}`)
  settings[text.slice(0, at)] = text.slice(at + 1)
}

function refuse(sentence) {
  console.error(`walcast bench: ${sentence}. ./walcast bench lists what there is.`)
  process.exit(2)
}
