/** Size of a page if the client does not set one. */
export const DEFAULT_PAGE = 50;
