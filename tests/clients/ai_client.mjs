// `ai`, with its providers for OpenAI (both APIs) and Anthropic.
import assert from 'node:assert/strict';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { APICallError, generateText, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';
import { recorded, recordedCancel, recordedError, recordedTools } from './hansard.mjs';
import { PIECES, TOOL } from './stub.mjs';

const ANSWER = PIECES.join('');

export default ({ hansard, stub, key }) => {
  const openai = createOpenAI({ baseURL: `${hansard.url}/openai/v1`, apiKey: key });
  const anthropic = createAnthropic({ baseURL: `${hansard.url}/anthropic/v1`, apiKey: key });
  const models = {
    chat: openai.chat('gpt-4o'),
    responses: openai.responses('gpt-4o'),
    anthropic: anthropic('claude-opus-5'),
  };
  const tools = { [TOOL.name]: tool({ description: 'weather', inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => `sunny in ${city}` }) };

  const cases = {};
  for (const [name, model] of Object.entries(models)) {
    const ask = (prompt, more) => generateText({ model, prompt, ...more });
    const all = {
      'plain': (said) => recorded(hansard, { said, answered: ANSWER }, async () => {
        assert.equal((await ask(said)).text, ANSWER);
        const { headers } = stub.calls.at(-1);
        assert.equal(headers['x-api-key'] ?? headers.authorization.replace('Bearer ', ''), key);
      }),
      'plain streamed': (said) => recorded(hansard, { said, answered: ANSWER, stream: true }, async () => {
        const pieces = [];
        const result = streamText({ model, prompt: said });
        for await (const piece of result.textStream) pieces.push(piece);
        assert.deepEqual(pieces, PIECES);
        assert.equal((await result.usage).outputTokens, 9);
      }),
      'busy': (said) => recorded(hansard, { said, answered: ANSWER, attempts: 2 }, async () => {
        assert.equal((await ask(said)).text, ANSWER);
      }),
      'refused': (said) => recordedError(hansard, { said, status: 400 }, () => assert.rejects(ask(said),
        (error) => APICallError.isInstance(error) && error.statusCode === 400)),
      'stranger': (said) => recordedError(hansard, { said, status: 401 }, () => assert.rejects(ask(said),
        (error) => error.statusCode === 401 && error.message.includes(key))),
      'tools': (said) => recordedTools(hansard,
        { said, tool: TOOL, output: 'sunny in Graz', answered: ANSWER }, async () => {
          const answer = await ask(said, { tools, stopWhen: stepCountIs(2) });
          assert.equal(answer.text, ANSWER);
          assert.deepEqual(answer.steps[0].toolCalls[0].input, TOOL.input);
        }),
      'tools streamed': (said) => recordedTools(hansard,
        { said, tool: TOOL, output: 'sunny in Graz', answered: ANSWER }, async () => {
          const result = streamText({ model, prompt: said, tools, stopWhen: stepCountIs(2) });
          const pieces = [];
          for await (const piece of result.textStream) pieces.push(piece);
          assert.deepEqual(pieces, PIECES);
        }),
      'endless, left midway': (said) => recordedCancel(hansard, stub, { said }, async () => {
        const leaving = new AbortController();
        let had = '';
        const result = streamText({ model, prompt: said, abortSignal: leaving.signal });
        for await (const piece of result.textStream) {
          had += piece;
          if (had.length > ANSWER.length) leaving.abort();
        }
        return had;
      }),
    };
    for (const [what, body] of Object.entries(all)) {
      const said = `${what.replace(',', '')} of ai ${name}`;
      cases[`${name}, ${what}`] = () => body(said);
    }
  }
  return cases;
};
