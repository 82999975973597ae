// The answers of four APIs, as their providers write them: whole, and as the frames of a stream.
// An answer here is {text: [pieces]} or {tool: {id, name, input}}; each piece is one delta.

/** What every answer costs: 5 of 21 tokens in came from a cache, 2 of 9 out were thought. */
export const USAGE = { input: 21, cached: 5, output: 9, reasoning: 2 };

const MADE = 1764499721; // seconds; any moment will do
const joined = (answer) => (answer.text ?? []).join('');

/** OpenAI Chat Completions. */
export const chat = {
  type: 'text/event-stream; charset=utf-8',
  usage: {
    prompt_tokens: USAGE.input, completion_tokens: USAGE.output, total_tokens: USAGE.input + USAGE.output,
    prompt_tokens_details: { cached_tokens: USAGE.cached, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: USAGE.reasoning, audio_tokens: 0 },
  },
  calls(answer) {
    if (!answer.tool) return undefined;
    const { id, name, input } = answer.tool;
    return [{ id, type: 'function', function: { name, arguments: JSON.stringify(input) } }];
  },
  whole(body, answer) {
    const tool_calls = this.calls(answer);
    const message = { role: 'assistant', content: answer.tool ? null : joined(answer), refusal: null,
      annotations: [], ...(tool_calls && { tool_calls }) };
    return { id: 'chatcmpl-1', object: 'chat.completion', created: MADE, model: `${body.model}-2024`,
      choices: [{ index: 0, message, logprobs: null, finish_reason: answer.tool ? 'tool_calls' : 'stop' }],
      usage: this.usage, service_tier: 'default', system_fingerprint: 'fp_1' };
  },
  * frames(body, answer) {
    const asked = body.stream_options?.include_usage;
    const chunk = (delta, finish_reason = null) => `data: ${JSON.stringify({
      id: 'chatcmpl-1', object: 'chat.completion.chunk', created: MADE, model: `${body.model}-2024`,
      service_tier: 'default', system_fingerprint: 'fp_1',
      choices: delta ? [{ index: 0, delta, logprobs: null, finish_reason }] : [],
      ...(asked && { usage: delta ? null : this.usage }), obfuscation: 'x7Hq'.repeat(3) })}\n\n`;
    yield chunk({ role: 'assistant', content: answer.tool ? null : '', refusal: null });
    for (const piece of answer.text ?? []) yield chunk({ content: piece });
    for (const call of this.calls(answer) ?? []) {
      const { arguments: input, name } = call.function;
      yield chunk({ tool_calls: [{ index: 0, ...call, function: { name, arguments: '' } }] });
      for (const part of [input.slice(0, 4), input.slice(4)]) {
        yield chunk({ tool_calls: [{ index: 0, function: { arguments: part } }] });
      }
    }
    yield chunk({}, answer.tool ? 'tool_calls' : 'stop');
    if (asked) yield chunk(null);
    yield 'data: [DONE]\n\n';
  },
  error: (status, type, message) => ({ error: { message, type, param: null, code: null } }),
};

/** OpenAI Responses. */
export const responses = {
  type: 'text/event-stream; charset=utf-8',
  items(answer, status) {
    if (answer.tool) {
      const { id, name, input } = answer.tool;
      const written = status === 'completed' ? JSON.stringify(input) : '';
      return { id: 'fc_1', type: 'function_call', status, arguments: written, call_id: id, name };
    }
    const content = () => [{ type: 'output_text', annotations: [], logprobs: [], text: joined(answer) }];
    return { id: 'msg_1', type: 'message', status, content: status === 'completed' ? content() : [],
      role: 'assistant' };
  },
  response(body, status, answer) {
    const done = status === 'completed';
    return { id: 'resp_1', object: 'response', created_at: MADE, status, background: false, error: null,
      incomplete_details: null, instructions: body.instructions ?? null, max_output_tokens: null,
      model: `${body.model}-2024`, output: done ? [this.items(answer, status)] : [],
      parallel_tool_calls: true, previous_response_id: body.previous_response_id ?? null,
      reasoning: { effort: null, summary: null }, store: true, temperature: 1,
      text: { format: { type: 'text' } }, tool_choice: 'auto', tools: body.tools ?? [], top_p: 1,
      truncation: 'disabled', user: null, metadata: {},
      usage: done ? { input_tokens: USAGE.input, input_tokens_details: { cached_tokens: USAGE.cached },
        output_tokens: USAGE.output, output_tokens_details: { reasoning_tokens: USAGE.reasoning },
        total_tokens: USAGE.input + USAGE.output } : null };
  },
  whole(body, answer) { return this.response(body, 'completed', answer); },
  * frames(body, answer) {
    let sequence_number = 0;
    const event = (type, rest) =>
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence_number++, ...rest })}\n\n`;
    const where = { item_id: answer.tool ? 'fc_1' : 'msg_1', output_index: 0 };
    const item = (status) => ({ output_index: 0, item: this.items(answer, status) });
    yield event('response.created', { response: this.response(body, 'in_progress') });
    yield event('response.in_progress', { response: this.response(body, 'in_progress') });
    yield event('response.output_item.added', item('in_progress'));
    if (answer.tool) {
      const written = JSON.stringify(answer.tool.input);
      for (const delta of [written.slice(0, 4), written.slice(4)]) {
        yield event('response.function_call_arguments.delta', { ...where, delta, obfuscation: 'q9' });
      }
      yield event('response.function_call_arguments.done', { ...where, arguments: written });
    } else {
      const at = { ...where, content_index: 0 };
      const part = (text) => ({ type: 'output_text', annotations: [], logprobs: [], text });
      yield event('response.content_part.added', { ...at, part: part('') });
      for (const delta of answer.text) {
        yield event('response.output_text.delta', { ...at, delta, logprobs: [], obfuscation: 'kJ2' });
      }
      yield event('response.output_text.done', { ...at, text: joined(answer), logprobs: [] });
      yield event('response.content_part.done', { ...at, part: part(joined(answer)) });
    }
    yield event('response.output_item.done', item('completed'));
    yield event('response.completed', { response: this.response(body, 'completed', answer) });
  },
  error: chat.error,
};

/** Anthropic Messages. */
export const messages = {
  type: 'text/event-stream; charset=utf-8',
  usage: (output_tokens) => ({ input_tokens: USAGE.input - USAGE.cached, cache_creation_input_tokens: 0,
    cache_read_input_tokens: USAGE.cached, output_tokens, service_tier: 'standard' }),
  blocks: (answer) => [answer.tool ? { type: 'tool_use', ...answer.tool }
    : { type: 'text', text: joined(answer) }],
  message(body, content, stop_reason, output) {
    return { model: body.model, id: 'msg_1', type: 'message', role: 'assistant', content, stop_reason,
      stop_sequence: null, usage: this.usage(output) };
  },
  whole(body, answer) {
    return this.message(body, this.blocks(answer), answer.tool ? 'tool_use' : 'end_turn', USAGE.output);
  },
  * frames(body, answer) {
    const event = (type, rest) =>
      `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}${' '.repeat(type.length % 5)}\n\n`;
    const delta = (it) => event('content_block_delta', { index: 0, delta: it });
    yield event('message_start', { message: this.message(body, [], null, 1) });
    const content_block = answer.tool ? { type: 'tool_use', ...answer.tool, input: {} }
      : { type: 'text', text: '' };
    yield event('content_block_start', { index: 0, content_block });
    yield 'event: ping\ndata: {"type": "ping"}\n\n';
    for (const text of answer.text ?? []) yield delta({ type: 'text_delta', text });
    if (answer.tool) {
      const written = JSON.stringify(answer.tool.input);
      for (const partial_json of ['', written.slice(0, 4), written.slice(4)]) {
        yield delta({ type: 'input_json_delta', partial_json });
      }
    }
    yield event('content_block_stop', { index: 0 });
    const stop_reason = answer.tool ? 'tool_use' : 'end_turn';
    yield event('message_delta', { delta: { stop_reason, stop_sequence: null },
      usage: { output_tokens: USAGE.output } });
    yield event('message_stop', {});
  },
  error: (status, type, message) => ({ type: 'error', error: { type, message } }),
};

/** Ollama chat. */
export const ollama = {
  type: 'application/x-ndjson',
  last: { done: true, done_reason: 'stop', total_duration: 3722518334, load_duration: 1534053125,
    prompt_eval_count: USAGE.input, prompt_eval_duration: 179676000, eval_count: USAGE.output,
    eval_duration: 2006086000 },
  part: (body, message) => ({ model: body.model, created_at: '2024-05-24T20:57:43.314639Z',
    message: { role: 'assistant', content: '', ...message } }),
  calls: ({ tool: { name, input } }) => ({ tool_calls: [{ function: { name, arguments: input } }] }),
  whole(body, answer) {
    const message = answer.tool ? this.calls(answer) : { content: joined(answer) };
    return { ...this.part(body, message), ...this.last };
  },
  * frames(body, answer) {
    const line = (it) => `${JSON.stringify(it)}\n`;
    for (const content of answer.text ?? []) {
      yield line({ ...this.part(body, { content }), done: false });
    }
    if (answer.tool) yield line({ ...this.part(body, this.calls(answer)), done: false });
    yield line({ ...this.part(body, {}), ...this.last });
  },
  error: (status, type, message) => ({ error: message }),
};
