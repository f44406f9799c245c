-- Twelve nights that nobody ran, with something of everything that a page tells: ci/look_at_page
-- reads ci/store/schema.sql and then this into a store, with the sqlite3 command.

BEGIN;

CREATE TEMP TABLE night AS
  WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 12)
  SELECT n FROM count;
CREATE TEMP TABLE item AS
  WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 150)
  SELECT n FROM count;

INSERT INTO campaign
  SELECT n, printf('%08xc0ffee00', n * 2654435), iif(n < 7, '0.1.0 1a2b3c4d5e6f', '0.1.0 6f5e4d3c2b1a'),
         printf('%016x', n), 'engines=explore,mutants,fuzz,stress weights=4:3:2:1 mmu=any',
         1790000000 + n * 86400
  FROM night;
INSERT INTO shard SELECT n, 0, 1, 2, iif(n = 12, 'interrupted', 'done'), 28800 - n, 1790028800 + n * 86400 FROM night;

-- Rows of exploration 1 to 300, of real threads 301 to 340, of the fuzzer 341 and 342, mutants from 401.
INSERT INTO unit
  SELECT 2 * n - s.k, 'explore', printf('scenario_%03d_vs_another', n), iif(n % 2, 'tdp', 'stage2'),
         iif(n % 2, 'owned', 'defer_to_callback'), s.strategy, ''
  FROM item, (SELECT 0 AS k, 'random' AS strategy UNION SELECT 1, 'pct:3') s;
INSERT INTO unit
  SELECT 300 + n, 'stress', printf('scenario_%03d_vs_another', n), 'tdp', 'owned', '', '' FROM item WHERE n <= 40;
INSERT INTO unit VALUES (341, 'fuzz', '', 'tdp', '', '', ''), (342, 'fuzz', '', 'stage2', '', '', '');
INSERT INTO unit
  SELECT 400 + n, 'mutants', '', iif(n % 2, 'tdp', 'stage2'), iif(n % 2, 'owned', 'rwlock'), '',
         printf('protocol_point_%03d', (n + 1) / 2)
  FROM item;

-- The rate falls a little on the seventh night, and the fuzzer finds ever less.
INSERT INTO chunk
  SELECT night.n, unit.id, c.number, unit.id = 9 AND c.number = 0 AND night.n = 12,
         iif(unit.engine = 'stress', 400, 20000), 900000,
         iif(unit.engine = 'fuzz', 600 / night.n, 300 + unit.id % 900),
         200000000 + (unit.id * 7919 + c.number * 104729) % 20000000 + iif(night.n >= 7, 30000000, 0)
  FROM night, unit, (SELECT 0 AS number UNION SELECT 1 UNION SELECT 2) c
  WHERE unit.engine <> 'mutants';
INSERT INTO mutant
  SELECT night.n, unit.id, 0, unit.id % (40 + night.n) <> 0, 100 + unit.id * 37 % 9000,
         1000000 + unit.id * 7919 % 1000 * 9000000,
         iif(unit.id % (40 + night.n) <> 0, 'scenario_001_vs_another', ''),
         iif(unit.id % (40 + night.n) <> 0, 'use-after-free', ''),
         iif(unit.id % (40 + night.n) <> 0, 'token', '')
  FROM night, unit WHERE unit.engine = 'mutants';

-- One that only its known execution kills.
UPDATE mutant SET executions = 1 WHERE campaign = 12 AND unit = 401 AND killed;
INSERT INTO mutant SELECT 12, 401, 1, 0, 70000, 400000000000, '', '', '' FROM mutant
  WHERE campaign = 12 AND unit = 401 AND killed;

-- Known since the ninth night; new in the last: a long sentence, hostile texts, a long token.
CREATE TEMP TABLE timeline AS
  SELECT group_concat(printf('  %4d  load(acquire) tdp:L2[%d] -> 0x%x%22s roots.h:%d @root_follow', n, n % 2, n * 4096, '', 200 + n), char(10)) AS text
  FROM item WHERE n <= 60;
INSERT INTO violation
  SELECT night.n, 'use-after-free L1 roots.h:233 roots.h:275', 4, 'use-after-free', 'L1', 'roots.h:233', 'roots.h:275',
         'root_follow,root_publish', 'b uses table page 3, which a freed at step 12.',
         'at step 31 b (roots.h:233) may read the root before the store of a is published', 42,
         'tdp geometry=3x1 frames=2 vcpu a{load_root} vcpu b{load_root}#3f360dc7@tdp+owned/random/seed=b34095042dc306d7',
         timeline.text, ''
  FROM night, timeline WHERE n >= 9;
INSERT INTO violation
  SELECT 12, 'bad-mapping R4 fault.h:90', 11, 'bad-mapping', 'R4', 'fault.h:90', '', 'seq_read_before_pfn',
         'guest frame 1 of the <script>alert(1)</script> slot & "others" maps to page 5, which no mapping of the host justifies since step 17, when h took it back.',
         'both sides believed that the other would look again', 77,
         'tdp geometry=3x1 frames=8 setup{dirty_log on; write 0..7} vcpu a{write 0; write 1; write 2; write 3} vcpu b{read 2; read 3} host h{unmap 1; swap 2; migrate 3} vmm m{dirty_log off; collapse 0}#1a2b3c4d@tdp+owned/pct:3/seed=b34095042dc306d7',
         timeline.text, '' FROM timeline;
INSERT INTO violation
  SELECT 12, 'data-race', 305, 'data-race', '', 'table.h:71', 'table.h:120', '', 'two vCPUs write one word of a table page.', '', 9, '', '', '';
INSERT INTO sighting
  SELECT campaign, v.unit + k.k, k.k, class, 1790000000 + campaign * 86400 + 1200 * (1 + k.k), 5
  FROM violation v, (SELECT 0 AS k UNION SELECT 2 UNION SELECT 4) k;

INSERT INTO incident VALUES
  (12, 9, 0, 'was killed by signal 11 (Segmentation fault)'),
  (12, 301, 1, 'hung: no message for 60 s, and was killed');

COMMIT;
