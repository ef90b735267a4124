/**
 * The names of the tools in the box. The help of the command shows them without loading the tools, whose parser and schemas
 * take a part of the time of its start.
 */
export const TOOL_NAMES = { calculator: 'calculator', currentTime: 'current_time' } as const;
