import bash from 'highlight.js/lib/languages/bash';
import c from 'highlight.js/lib/languages/c';
import cpp from 'highlight.js/lib/languages/cpp';
import csharp from 'highlight.js/lib/languages/csharp';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import dockerfile from 'highlight.js/lib/languages/dockerfile';
import go from 'highlight.js/lib/languages/go';
import ini from 'highlight.js/lib/languages/ini';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import kotlin from 'highlight.js/lib/languages/kotlin';
import markdown from 'highlight.js/lib/languages/markdown';
import php from 'highlight.js/lib/languages/php';
import python from 'highlight.js/lib/languages/python';
import ruby from 'highlight.js/lib/languages/ruby';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import swift from 'highlight.js/lib/languages/swift';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';
import { createLowlight } from 'lowlight';
import { h, type ComponentChildren } from 'preact';

const lowlight = createLowlight({ bash, c, cpp, csharp, css, diff, dockerfile, go, ini, java, javascript, json });
lowlight.register({ kotlin, markdown, php, python, ruby, rust, sql, swift, typescript, xml, yaml });

type Colored = ReturnType<typeof lowlight.highlight>['children'][number];

/** Code with its keywords, strings and comments marked, if the language is one of those above. */
export function highlight(code: string, language: string): ComponentChildren {
  return lowlight.registered(language) ? lowlight.highlight(language, code).children.map(draw) : code;
}

function draw(node: Colored): ComponentChildren {
  if (node.type === 'text') return node.value;
  if (node.type !== 'element') return undefined;
  const names = node.properties['className'];
  return h('span', { class: Array.isArray(names) ? names.join(' ') : undefined }, node.children.map(draw));
}
