// npm run build: installs what is missing and compiles every package. Then "npx qvm" works from the root.
import { build } from './lib/build.mjs';
import { main } from './lib/failure.mjs';

await main(build);
