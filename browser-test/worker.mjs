import { bootAll } from './boot-embedded.mjs';

postMessage(await bootAll());
