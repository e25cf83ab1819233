// ZEN evaluates the households of the bench: once to see that its sums are right, then in timed rounds.
import { readFileSync } from 'node:fs'
import { ZenEngine } from '@gorules/zen-engine'

const decision = new ZenEngine().createDecision(JSON.parse(readFileSync('model.json', 'utf8')))
const households = JSON.parse(readFileSync('households.json', 'utf8'))
const { version } = JSON.parse(readFileSync('node_modules/@gorules/zen-engine/package.json', 'utf8'))
const rounds = Number(process.argv[2] ?? 3)

for (const { facts, norm, need, amount } of households) {
  const { result } = await decision.evaluate(facts)
  for (const [name, wanted] of Object.entries({ norm, need, amount })) {
    if (!(Math.abs(Number(result[name]) - wanted) < 0.005)) {
      console.error(`ZEN's ${name} is ${result[name]}, ours is ${wanted}: ${JSON.stringify(facts)}`)
      process.exit(1)
    }
  }
}

// As many in flight as keep its threads busy; what counts is processor time, of all its threads.
const seconds = []
for (let round = 0; round < rounds; round++) {
  const start = process.cpuUsage()
  for (let at = 0; at < households.length; at += 64) {
    await Promise.all(households.slice(at, at + 64).map(({ facts }) => decision.evaluate(facts)))
  }
  const used = process.cpuUsage(start)
  seconds.push((used.user + used.system) / 1e6)
}
console.log(JSON.stringify({ version, households: households.length, seconds }))
