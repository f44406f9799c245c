-- The store of campaigns: what `racewalk campaign` writes, `merge` joins and `report` reads.
-- Version 1. application_id is "rwlk"; another version's store is refused, never changed.
--
-- What is done is a row that its own transaction wrote: a process killed at any moment loses the
-- chunk under way. Every row but those of `shard` depends only on what it is keyed by, times and
-- what real threads did excepted; so joining stores is taking the union, in any order and as often as
-- one likes, and counts are counted when read. Times are whole seconds since 1970, UTC; seeds
-- and keys are 16 hexadecimal digits.

PRAGMA application_id = 0x72776c6b;
PRAGMA user_version = 1;

-- One night, whatever machines took part: shards of a campaign have the same name.
CREATE TABLE campaign(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,   -- hash of version, seed and settings
  version TEXT NOT NULL,       -- of racewalk, with its revision
  seed TEXT NOT NULL,
  settings TEXT NOT NULL,      -- NAME=VALUE words on one line: all that decides which chunks there are
  started INTEGER NOT NULL     -- the first shard's
);

-- A process's part of a campaign; `seconds` of wall time over all its resumptions.
CREATE TABLE shard(
  campaign INTEGER NOT NULL REFERENCES campaign,
  number INTEGER NOT NULL,     -- from 0
  shards INTEGER NOT NULL,     -- how many there are; 1 if it is not shared out
  jobs INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'interrupted', 'done')),
  seconds REAL NOT NULL,
  updated INTEGER NOT NULL,
  PRIMARY KEY (campaign, number, shards)
) WITHOUT ROWID;

-- What chunks are of. '' where an engine has no such thing.
CREATE TABLE unit(
  id INTEGER PRIMARY KEY,
  engine TEXT NOT NULL CHECK (engine IN ('explore', 'mutants', 'fuzz', 'stress')),
  scenario TEXT NOT NULL,
  mmu TEXT NOT NULL,
  variant TEXT NOT NULL,
  strategy TEXT NOT NULL,
  weaken TEXT NOT NULL,        -- the point of a mutant
  UNIQUE (engine, scenario, mmu, variant, strategy, weaken)
);

-- A piece of work that was done, or that ended its worker.
CREATE TABLE chunk(
  campaign INTEGER NOT NULL REFERENCES campaign,
  unit INTEGER NOT NULL REFERENCES unit,
  number INTEGER NOT NULL,     -- within the unit, from 0
  outcome INTEGER NOT NULL,    -- 0 done, 1 died, 2 hung, 3 took too much memory: see incident
  executions INTEGER NOT NULL, -- of stress: rounds
  steps INTEGER NOT NULL,
  distinct_seen INTEGER NOT NULL, -- interleavings within the chunk; of fuzz: features that were new
  nanoseconds INTEGER NOT NULL, -- of a worker
  PRIMARY KEY (campaign, unit, number)
) WITHOUT ROWID;

-- A class of violations: kind, invariant, and the weakened point or the pair of source lines.
-- Of the executions that showed it the one with the fewest steps is kept.
CREATE TABLE violation(
  campaign INTEGER NOT NULL REFERENCES campaign,
  class TEXT NOT NULL,
  unit INTEGER NOT NULL REFERENCES unit,  -- where the kept one was seen
  kind TEXT NOT NULL,
  invariant TEXT NOT NULL,
  place TEXT NOT NULL,
  other_place TEXT NOT NULL,
  points TEXT NOT NULL,        -- protocol points at the two steps, separated by commas
  sentence TEXT NOT NULL,
  explanation TEXT NOT NULL,
  steps INTEGER NOT NULL,
  token TEXT NOT NULL,
  timeline TEXT NOT NULL,      -- plain text
  trace TEXT NOT NULL,         -- a trace file
  PRIMARY KEY (campaign, class)
);

-- In which chunks a class was seen, and how often.
CREATE TABLE sighting(
  campaign INTEGER NOT NULL REFERENCES campaign,
  unit INTEGER NOT NULL REFERENCES unit,
  number INTEGER NOT NULL,
  class TEXT NOT NULL,
  seen INTEGER NOT NULL,       -- when
  count INTEGER NOT NULL,
  PRIMARY KEY (campaign, class, unit, number)
) WITHOUT ROWID;

-- What became of a weakened point in a campaign. A unit that was searched and not killed has a row too.
CREATE TABLE mutant(
  campaign INTEGER NOT NULL REFERENCES campaign,
  unit INTEGER NOT NULL REFERENCES unit,
  number INTEGER NOT NULL,     -- the chunk
  killed INTEGER NOT NULL CHECK (killed IN (0, 1)),
  executions INTEGER NOT NULL, -- until then
  nanoseconds INTEGER NOT NULL,
  scenario TEXT NOT NULL,      -- the killer; '' if there is none
  kind TEXT NOT NULL,
  token TEXT NOT NULL,
  PRIMARY KEY (campaign, unit, number)
) WITHOUT ROWID;

-- Inputs of the fuzzer that reached something new.
CREATE TABLE corpus(
  campaign INTEGER NOT NULL REFERENCES campaign,
  text TEXT NOT NULL,          -- a corpus file
  unit INTEGER NOT NULL REFERENCES unit,
  number INTEGER NOT NULL,     -- the chunk
  features INTEGER NOT NULL,   -- how many it reached
  PRIMARY KEY (campaign, unit, number, text)
) WITHOUT ROWID;

-- A worker that did not end its chunk.
CREATE TABLE incident(
  campaign INTEGER NOT NULL REFERENCES campaign,
  unit INTEGER NOT NULL REFERENCES unit,
  number INTEGER NOT NULL,     -- the chunk
  text TEXT NOT NULL,          -- "was killed by signal 11 (Segmentation fault)"
  PRIMARY KEY (campaign, unit, number)
) WITHOUT ROWID;
