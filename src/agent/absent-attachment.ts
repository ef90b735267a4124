import type { LlmAttachment } from './llm-provider.js';
import { wellFormed } from '../runtime/well-formed.js';

/** What a model is told in place of an attachment that it does not take or that is not at hand. */
export function absentAttachment({ type, mediaType, name }: Omit<LlmAttachment, 'data' | 'url'>): string {
  return `(Attached ${type}, which cannot be shown here: ${wellFormed(name ?? mediaType)})`;
}
