import type { LlmMessage, LlmRequest } from '../../agent/llm-provider.js';
import type { LlmTool } from '../../tool/llm-tool.js';
import { attachmentPart } from './attachment.js';
import type { ResolvedOptions } from './options.js';
import { messageFields } from './provider-data.js';
import type { RequestForm } from './request-form.js';
import { toolParameters } from './tool-parameters.js';

/** The body of a streaming request in Chat Completions. */
export function chatRequest(
  request: LlmRequest,
  options: Pick<ResolvedOptions, 'model' | 'temperature' | 'extraBody'>,
  form: RequestForm,
): Record<string, unknown> {
  const body: Record<string, unknown> = {
    ...options.extraBody,
    model: request.model ?? options.model,
    messages: request.messages.map((message) => chatMessage(message, form)),
  };
  const temperature = request.temperature ?? options.temperature;
  if (temperature !== undefined) body['temperature'] = temperature;
  if (request.tools.length > 0) body['tools'] = request.tools.map(chatTool);
  if (request.toolChoice !== undefined) body['tool_choice'] = request.toolChoice;
  body['stream'] = true;
  if (form.usage) body['stream_options'] = { include_usage: true };
  return body;
}

function chatMessage(message: LlmMessage, form: RequestForm): Record<string, unknown> {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.content };
    case 'user': {
      const { content, attachments = [] } = message;
      // Strict servers accept `content` only as a string if there is nothing but text.
      if (attachments.length === 0) return { role: 'user', content };
      const text = content === '' ? [] : [{ type: 'text', text: content }];
      return { role: 'user', content: [...text, ...attachments.map(attachmentPart)] };
    }
    case 'tool':
      return { role: 'tool', tool_call_id: message.toolCallId, content: message.content };
    case 'assistant': {
      const { toolCalls = [] } = message;
      const { content, ...fields } = messageFields(message, form);
      if (toolCalls.length === 0) return { ...fields, role: 'assistant', content };
      const tool_calls = toolCalls.map((call) => ({
        ...call.providerData,
        id: call.id,
        type: 'function',
        function: { name: call.name, arguments: call.arguments },
      }));
      return { ...fields, role: 'assistant', content: content === '' ? null : content, tool_calls };
    }
  }
}

function chatTool({ name, description, parameters }: LlmTool): Record<string, unknown> {
  return { type: 'function', function: { name, description, parameters: toolParameters(parameters) } };
}
