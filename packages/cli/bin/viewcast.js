#!/usr/bin/env node
// Package managers link a command when they install, which in a clone is before anything is built: so this file is there.
import '../dist/bin.js'
