// A folder served by Express, which knows ranges, on a free port of 127.0.0.1.
//
//   cd "$(tests/koop/install.sh)" && node …/tests/koop/static.mjs FOLDER
//
// The first line on stdout is its URL.
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';

const express = createRequire(path.join(process.cwd(), 'package.json'))('express');
const app = express();
app.use(express.static(process.argv[2], { dotfiles: 'deny', index: false }));
const server = app.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
