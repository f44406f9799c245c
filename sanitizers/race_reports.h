// Reports of ThreadSanitizer, as records.
#ifndef RACEWALK_SANITIZERS_RACE_REPORTS_H_
#define RACEWALK_SANITIZERS_RACE_REPORTS_H_

namespace racewalk {

struct RoundRecord;

// Whether this build is one of ThreadSanitizer's.
bool SeesRaces();

// From now on each report is noted in `record`, with the round under way, and
// the process goes on. Null: they are only printed. Nothing in other builds.
// To be called before there are threads; `record` must outlive them.
void RecordRacesIn(RoundRecord* record);

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_RACE_REPORTS_H_
