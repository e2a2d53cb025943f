#!/usr/bin/env node
// The front door. What stands behind it is one file when it was built: a hundred would take longer to open than to run.
import { runProcess } from './cli/main.js';

await runProcess();
