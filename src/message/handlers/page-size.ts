/** Items of a page where the client does not say. */
export const DEFAULT_PAGE = 50;
