import type { LlmAttachment } from './llm-provider.js';
import { wellFormed } from '../runtime/well-formed.js';

/** The text a model gets in place of an attachment that it does not accept or that is not available. */
export function absentAttachment({ type, mediaType, name }: Omit<LlmAttachment, 'data' | 'url'>): string {
  return `(Attached ${type}, which cannot be shown here: ${wellFormed(name ?? mediaType)})`;
}
