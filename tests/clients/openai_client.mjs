// `openai`: Chat Completions and Responses.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { recorded, recordedCancel, recordedError, recordedTools } from './hansard.mjs';
import { PIECES, TOOL } from './stub.mjs';

const ANSWER = PIECES.join('');
const model = 'gpt-4o';

const chatTool = { type: 'function', function: { name: TOOL.name,
  parameters: { type: 'object', properties: { city: { type: 'string' } } } } };
const responsesTool = { type: 'function', strict: false, ...chatTool.function };

export default ({ hansard, stub, key }) => {
  const client = new OpenAI({ baseURL: `${hansard.url}/openai/v1`, apiKey: key });
  const user = (content) => ({ role: 'user', content });
  const chat = (said, more) =>
    client.chat.completions.create({ model, messages: [user(said)], ...more });
  const responses = (said, more) => client.responses.create({ model, input: said, ...more });

  /** Pieces and stray chunks of a streamed chat. */
  async function read(stream) {
    const pieces = [];
    let bare = 0;
    for await (const chunk of stream) {
      if (chunk.choices.length === 0) bare += 1;
      if (chunk.choices[0]?.delta.content) pieces.push(chunk.choices[0].delta.content);
    }
    return { pieces, bare };
  }

  const cases = {
    'chat, whole': () => recorded(hansard, { said: 'plain chat', answered: ANSWER }, async () => {
      const answer = await chat('plain chat');
      assert.equal(answer.choices[0].message.content, ANSWER);
      assert.equal(answer.usage.total_tokens, 30);
      assert.equal(stub.calls.at(-1).headers.authorization, `Bearer ${key}`);
    }),
    'chat, streamed; usage is asked for and kept from who did not ask': () => recorded(hansard,
      { said: 'plain streamed chat', answered: ANSWER, stream: true }, async () => {
        const { pieces, bare } = await read(await chat('plain streamed chat', { stream: true }));
        assert.deepEqual(pieces, PIECES);
        assert.equal(bare, 0);
        assert.equal(stub.calls.at(-1).body.stream_options.include_usage, true);
      }),
    'chat, streamed with the usage it asks for': () => recorded(hansard,
      { said: 'plain chat with usage', answered: ANSWER, stream: true }, async () => {
        const { pieces, bare } = await read(await chat('plain chat with usage',
          { stream: true, stream_options: { include_usage: true } }));
        assert.deepEqual(pieces, PIECES);
        assert.equal(bare, 1);
      }),
    'responses, whole': () => recorded(hansard, { said: 'plain responses', answered: ANSWER }, async () => {
      const answer = await responses('plain responses');
      assert.equal(answer.output_text, ANSWER);
      assert.equal(answer.usage.input_tokens_details.cached_tokens, 5);
    }),
    'responses, streamed': () => recorded(hansard,
      { said: 'plain streamed responses', answered: ANSWER, stream: true }, async () => {
        const pieces = [];
        let last;
        for await (const event of await responses('plain streamed responses', { stream: true })) {
          if (event.type === 'response.output_text.delta') pieces.push(event.delta);
          last = event;
        }
        assert.deepEqual(pieces, PIECES);
        assert.equal(last.type, 'response.completed');
      }),
    'responses, a tool and its result': () => recordedTools(hansard,
      { said: 'tools of responses', tool: TOOL, output: 'sunny', answered: ANSWER }, async () => {
        const asked = user('tools of responses');
        const tools = [responsesTool];
        const first = await client.responses.create({ model, input: [asked], tools });
        const [called] = first.output;
        assert.deepEqual([called.name, JSON.parse(called.arguments)], [TOOL.name, TOOL.input]);
        const input = [asked, ...first.output,
          { type: 'function_call_output', call_id: called.call_id, output: 'sunny' }];
        assert.equal((await client.responses.create({ model, input, tools })).output_text, ANSWER);
      }),
    'a busy provider is asked again, and it is one call': () => recorded(hansard,
      { said: 'busy chat', answered: ANSWER, attempts: 2 }, async () => {
        const answer = await chat('busy chat');
        assert.equal(answer.choices[0].message.content, ANSWER);
        assert.equal(stub.calls.at(-1).headers['x-stainless-retry-count'], '1');
      }),
    'a refusal is told as it is': () => recordedError(hansard,
      { said: 'refused chat', status: 400 }, () => assert.rejects(chat('refused chat'), (error) =>
        error instanceof OpenAI.BadRequestError && /that cannot be asked/.test(error.message))),
    'a refused key is told with the key, and recorded without': () => recordedError(hansard,
      { said: 'stranger at chat', status: 401 }, () => assert.rejects(chat('stranger at chat'), (error) =>
        error instanceof OpenAI.AuthenticationError && error.message.includes(key))),
  };
  for (const stream of [false, true]) {
    const said = `tools of chat ${stream ? 'streamed' : 'whole'}`;
    cases[said] = () => recordedTools(hansard,
      { said, tool: TOOL, output: 'sunny', answered: ANSWER }, async () => {
        const turn = async (messages) => {
          const request = { model, messages, tools: [chatTool] };
          if (!stream) return (await client.chat.completions.create(request)).choices[0].message;
          return (await client.chat.completions.stream(request).finalChatCompletion()).choices[0].message;
        };
        const first = await turn([user(said)]);
        const [called] = first.tool_calls;
        assert.deepEqual([called.id, JSON.parse(called.function.arguments)], [TOOL.id, TOOL.input]);
        const result = { role: 'tool', tool_call_id: called.id, content: 'sunny' };
        assert.equal((await turn([user(said), first, result])).content, ANSWER);
      });
  }
  const cancels = {
    'chat, left midway': async (said) => {
      const stream = await chat(said, { stream: true });
      let had = '';
      for await (const chunk of stream) {
        had += chunk.choices[0].delta.content ?? '';
        if (had.length > ANSWER.length) stream.controller.abort();
      }
      return had;
    },
    'responses, left midway': async (said) => {
      let had = '';
      for await (const event of await responses(said, { stream: true })) {
        if (event.type === 'response.output_text.delta') had += event.delta;
        if (had.length > ANSWER.length) break;
      }
      return had;
    },
  };
  for (const [name, leave] of Object.entries(cancels)) {
    const said = `endless ${name}`;
    cases[name] = () => recordedCancel(hansard, stub, { said }, () => leave(said));
  }
  return cases;
};
