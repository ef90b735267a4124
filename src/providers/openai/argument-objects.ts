/** Maximum number of objects: more are no calls that a model meant. */
const MAX_OBJECTS = 128;

/**
 * The arguments of a call as its server meant them. Some servers begin with an empty object, some repeat the whole
 * arguments at the end, and some send several calls of one tool as one. Each different object is a call.
 */
export function argumentObjects(text: string): readonly string[] {
  const objects = objectsIn(text);
  if (objects.length < 2) return [text === '' ? '{}' : text];
  const different = new Set(objects.filter((object) => !/^\{\s*\}$/.test(object)));
  return different.size === 0 ? ['{}'] : [...different];
}

/** The objects that make up a text; none if it holds anything else, or too many. */
function objectsIn(text: string): string[] {
  const objects: string[] = [];
  let depth = 0;
  let from = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') isInString = !isInString;
    else if (isInString && character === '\\') at++;
    else if (isInString) continue;
    else if (character === '{') depth++;
    else if (character === '}' && --depth === 0) {
      if (objects.length === MAX_OBJECTS) return [];
      objects.push(text.slice(from, at + 1).trim());
      from = at + 1;
    }
  }
  const isAll = text.slice(from).trim() === '' && objects.every(isWholeObject);
  return isAll ? objects : [];
}

/** Whether the text is one JSON object: no other value ends with a brace. */
export function isWholeObject(text: string): boolean {
  if (!text.endsWith('}')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
