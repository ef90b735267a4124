/** What each action acts on. */
export interface ActionResources {
  /** Ask the model. */
  query: { readonly conversationId?: string | undefined; readonly room?: string | undefined };
  /** Read what is said in a room, and be seen there. */
  join: { readonly room: string };
  /** Say something in a room. */
  publish: { readonly room: string };
  /** Ask the model in a room. */
  room_query: { readonly room: string };
  /** Stop a run in a room. */
  room_cancel: { readonly room: string };
  /** Decide about a tool call of a run in a room. */
  room_approve: { readonly room: string };
}

/** Something a principal may or may not do. */
export type Action = keyof ActionResources;
