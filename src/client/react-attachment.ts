import { useEffect, useState } from 'react';
import type { AgentClientError } from './client-error.js';
import type { AgentClient } from './client.js';
import type { FilePart } from './react-message.js';

/** The result of {@link useAttachment}. */
export interface AttachmentView {
  /** URL for `src` or `href`; `undefined` until it is loaded. It is valid until the component unmounts. */
  readonly url: string | undefined;
  /** Why the attachment cannot be loaded. */
  readonly error: AgentClientError | undefined;
}

/** Types that a browser shows without executing them. Other types can only be saved. */
const SAFE = /^(?:image\/(?!svg)|audio\/|video\/|text\/plain$|application\/pdf$)/;

const NOTHING: AttachmentView = { url: undefined, error: undefined };

/**
 * Loads an image or a file of a question and gives its URL.
 *
 * ```tsx
 * const { url } = useAttachment(client, 'c1', part);
 * ```
 */
export function useAttachment(client: AgentClient, conversationId: string, part: FilePart): AttachmentView {
  const { attachmentId, url, blob, mediaType } = part;
  const [view, setView] = useState(NOTHING);
  useEffect(() => {
    const leaving = new AbortController();
    let made: string | undefined;
    const show = (data: Blob | Uint8Array<ArrayBuffer>): void => {
      if (leaving.signal.aborted) return;
      const type = SAFE.test(mediaType) ? mediaType : 'application/octet-stream';
      made = URL.createObjectURL(new Blob([data], { type }));
      setView({ url: made, error: undefined });
    };
    if (blob !== undefined) show(blob);
    else if (attachmentId !== undefined) {
      const fetched = client.conversation(conversationId).attachment(attachmentId, { signal: leaving.signal });
      fetched.then(
        (bytes) => show(new Uint8Array(bytes)),
        (error: unknown) => {
          if (!leaving.signal.aborted) setView({ url: undefined, error: error as AgentClientError });
        },
      );
    }
    return () => {
      leaving.abort();
      if (made !== undefined) URL.revokeObjectURL(made);
      setView(NOTHING);
    };
  }, [client, conversationId, attachmentId, blob, mediaType]);
  return url === undefined ? view : { url, error: undefined };
}
