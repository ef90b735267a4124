import '../style/tokens.css';
import '../style/base.css';
import '../style/markdown.css';
import '../style/docs.css';
import { render } from 'preact';
import { App } from './app.js';

const root = document.getElementById('docs');
if (root !== null) render(<App />, root);
