import { bootEmbedded } from './boot-embedded.mjs';

postMessage(await bootEmbedded());
