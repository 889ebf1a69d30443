"""croniter, the cron library of Python, as the judge of `deed schedule next`: 10,000 random lines in time zones of all kinds, most of them
around the dates when clocks change, and the same times to the second.

Two differences are meant, and each is checked one by one, so that nothing else hides behind them. Both are about the second showing of a local
time, when the clock goes back:
1. A line that does not name every hour fires the first time only. croniter fires such a line twice, though not always: a yearly line it
   fires once.
2. A line that names every hour follows real time, through the second showing too. croniter loses a time there now and then: where the clock
   goes back by other than a whole hour, and where the second showing lies in another day or month."""

import collections
import datetime
import json
import os
import pathlib
import random
import subprocess
import sys
import unittest
import zoneinfo

PYTHON_LIB = (pathlib.Path(os.environ.get("DEED_CACHE") or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "deed")
              / "partners/python/lib")
if not (PYTHON_LIB / "croniter").exists():
    raise AssertionError("croniter is not installed: run tests/partners/install_python_partners.sh")
sys.path.insert(0, str(PYTHON_LIB))

from croniter import croniter  # noqa: E402

COMMAND = os.environ["DEED_COMMAND"]
UTC = datetime.timezone.utc
SEED, CASES = 20261025, 10_000
# Changes of an hour, of half of one, none, a whole day, at midnight, suspended in Ramadan, negative, of two hours.
NOTABLE = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia", "America/Sao_Paulo",
           "Africa/Casablanca", "Europe/Dublin", "Asia/Kathmandu", "Pacific/Chatham", "America/St_Johns", "Antarctica/Troll"]
# Met by other seeds: croniter loses a time of the second showing.
LOST = [{"cron": "54 * L */1 *", "tz": "America/Argentina/La_Rioja", "from": "2004-06-01T02:33:40Z", "count": 5},
        {"cron": "*/23 * * 2-7 0-4,2", "tz": "Australia/Lord_Howe", "from": "2023-04-01T14:44:02Z", "count": 5},
        {"cron": "20,46 * */1,20,L * 2,5,0-4/1", "tz": "Australia/Lord_Howe", "from": "2027-04-03T14:18:11Z", "count": 10}]
LIMITS = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]
NAMES = {3: "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(), 4: "SUN MON TUE WED THU FRI SAT".split()}


def changes(zone):
    """The instants of 2000 to 2035 at which the zone's offset changes, by halving."""
    found, at = [], datetime.datetime(2000, 1, 1, tzinfo=UTC)
    while at.year < 2036:
        later = at + datetime.timedelta(days=5)
        if later.astimezone(zone).utcoffset() != at.astimezone(zone).utcoffset():
            low, high = at, later
            while high - low > datetime.timedelta(seconds=1):
                middle = low + (high - low) // 2
                if middle.astimezone(zone).utcoffset() == at.astimezone(zone).utcoffset():
                    low = middle
                else:
                    high = middle
            found.append(high.replace(microsecond=0))
        at = later
    return found


class Lines:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, field):
        number = self.random.randint(*LIMITS[field])
        if field in NAMES and self.random.random() < 0.3:
            return NAMES[field][number - 1 if field == 3 else number % 7]
        return str(number)

    def step(self, field):
        return self.random.randint(1, min(6, LIMITS[field][1]) if field == 4 else LIMITS[field][1])

    def range(self, field):
        low, high = (self.random.randint(*LIMITS[field]) for _ in "ab")
        if field == 4:
            low %= 7
        if low == high:
            return str(low)
        if low > high:  # around the end, now and then
            return f"{low}-{high}" if self.random.random() < 0.3 else f"{high}-{low}"
        return f"{low}-{high}" + (f"/{self.step(field)}" if self.random.random() < 0.4 else "")

    def item(self, field):
        kind = self.random.random()
        if kind < 0.5:
            return self.value(field)
        if kind < 0.65:
            return f"*/{self.step(field)}"
        if kind < 0.9:
            return self.range(field)
        if field == 2 and self.random.random() < 0.4:
            return "L"
        return f"{self.random.randint(LIMITS[field][0], min(6, LIMITS[field][1]) if field == 4 else LIMITS[field][1])}/{self.step(field)}"

    def field(self, field):
        if self.random.random() < [0.1, 0.35, 0.5, 0.6, 0.5][field]:
            return "*"
        if field == 1 and self.random.random() < 0.5:
            return str(self.random.choice([0, 1, 2, 3]))  # where clocks change
        return ",".join(self.item(field) for _ in range(1 if self.random.random() < 0.7 else self.random.randint(2, 4)))

    def line(self):
        if self.random.random() < 0.02:
            return self.random.choice(["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly"])
        return " ".join(self.field(field) for field in range(5))

    def cases(self, count):
        every_zone = sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/")))
        known = {}
        for _ in range(count):
            zone = self.random.choice(NOTABLE if self.random.random() < 0.5 else every_zone)
            if zone not in known:
                known[zone] = changes(zoneinfo.ZoneInfo(zone))
            at = datetime.datetime(self.random.randint(2000, 2035), self.random.randint(1, 12), self.random.randint(1, 28), tzinfo=UTC)
            if known[zone] and self.random.random() < 0.9:
                at = self.random.choice(known[zone])
            at -= datetime.timedelta(minutes=self.random.randint(0, self.random.choice([90, 1500, 4320])), seconds=self.random.randint(0, 59))
            yield {"cron": self.line(), "tz": zone, "from": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "count": self.random.choice([5, 10, 40])}


def is_second_showing(time):
    return time.fold == 1 and time.replace(fold=0).utcoffset() != time.utcoffset()


class ScheduleTest(unittest.TestCase):
    def judge(self, case):
        """croniter's times, and whether the line names every hour; None if croniter refuses the line, or finds no time."""
        start = datetime.datetime.fromisoformat(case["from"].replace("Z", "+00:00")).astimezone(zoneinfo.ZoneInfo(case["tz"]))
        try:
            judge = croniter(case["cron"], start)
            return [judge.get_next(datetime.datetime) for _ in range(case["count"])], judge.expanded[1] == ["*"]
        except ValueError:
            return None

    def test_names_the_same_times_as_croniter(self):
        cases = list(Lines(SEED).cases(CASES)) + LOST
        asked = "".join(json.dumps(case) + "\n" for case in cases)
        answered = subprocess.run([COMMAND, "schedule", "next", "--jsonl"], input=asked, capture_output=True, text=True, check=True, timeout=300)
        answers = [json.loads(line) for line in answered.stdout.splitlines()]
        self.assertEqual(len(answers), len(cases))
        seen = collections.Counter()
        for case, answer in zip(cases, answers):
            seen[self.compare(case, answer)] += 1
        print(dict(seen), file=sys.stderr)
        self.assertGreater(seen["the same"], 0.98 * CASES)
        # The two meant differences were met, so that their checks have run.
        self.assertGreater(seen["fires once"], 10)
        self.assertGreaterEqual(seen["follows real time"], len(LOST))
        self.assertLess(seen["follows real time"], 20)

    def compare(self, case, answer):
        judged = self.judge(case)
        if "error" in answer or judged is None:
            self.assertIn("never fires", answer.get("error", ""), case)
            self.assertIsNone(judged, case)
            return "refused by both"
        zone = zoneinfo.ZoneInfo(case["tz"])
        theirs, every_hour = judged
        ours = [datetime.datetime.fromisoformat(time).astimezone(zone) for time in answer["times"]]
        self.assertEqual(len(ours), case["count"], case)
        # Instants: two local times of one zone compare by the wall otherwise.
        us, them = ({time.astimezone(UTC): time for time in times} for times in (ours, theirs))
        if list(us) == list(them):
            return "the same"
        end = min(max(us), max(them))
        more = [time for at, time in us.items() if at <= end and at not in them]
        less = [time for at, time in them.items() if at <= end and at not in us]
        for time in more + less:
            self.assertTrue(is_second_showing(time), f"{case}: {time}")
        if every_hour:
            self.assertEqual(less, [], case)
            return "follows real time"
        self.assertEqual(more, [], case)
        return "fires once"


if __name__ == "__main__":
    unittest.main()
