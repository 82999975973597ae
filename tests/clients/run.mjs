// The cases of each client library, one after the other, against one server.
// usage: run.mjs HANSARD_BINARY SCRATCH_FOLDER
import { resolve } from 'node:path';
import { Hansard } from './hansard.mjs';
import { Stub } from './stub.mjs';

const [binary, folder] = process.argv.slice(2).map((path) => resolve(path));
const key = 'sk-planted-3cQ9vT7mX2rB5nK8wZ4yL6';

const stub = new Stub();
const hansard = new Hansard(binary, folder);
const upstream = await stub.start();
await hansard.start({ openai: upstream, anthropic: upstream, ollama: upstream });

let failures = 0;
async function run(name, body) {
  const start = performance.now();
  try {
    await body();
    console.log(`ok    ${name} (${Math.round(performance.now() - start)} ms)`);
  } catch (error) {
    failures += 1;
    console.log(`FAILED ${name}\n${error.stack}`);
    await hansard.news().catch(() => {}); // the next case begins with its own
  }
}

const started = performance.now();
let count = 0;
for (const library of process.env.HANSARD_CLIENTS?.split(',') ?? ['openai', 'anthropic', 'ollama', 'ai']) {
  const { default: cases } = await import(`./${library}_client.mjs`);
  for (const [name, body] of Object.entries(cases({ hansard, stub, key }))) {
    count += 1;
    await run(`${library}: ${name}`, body);
  }
}
await run('what was answered is what is counted', async () => {
  const providers = (await hansard.json('/v1/providers')).providers;
  const active = providers.reduce((sum, it) => sum + it.calls_active, 0);
  if (active !== 0) throw new Error(`${active} calls are still under way`);
});
await run('no key stands anywhere', async () => {
  const told = await Promise.all(['/v1/events?from=0', '/metrics', '/v1/providers', '/v1/export']
    .map(async (path) => [path, await hansard.get(path)]));
  await hansard.stop();
  const found = hansard.find([key]);
  for (const [path, text] of told) if (text.includes(key)) found.push(`${key} in ${path}`);
  if (found.length > 0) throw new Error(found.join('\n'));
});
await hansard.stop();
stub.stop();
console.log(`${count} cases, ${failures} failed, ${stub.calls.length} calls of the provider, `
  + `${((performance.now() - started) / 1000).toFixed(1)} s`);
process.exit(failures === 0 ? 0 : 1);
