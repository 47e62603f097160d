"""Counting days by hand: the official lists of 2026 written out, and the plainest loops. Knows nothing of the product."""

import datetime

DAY = datetime.timedelta(days=1)


def span(first, last):
    return {datetime.date(2026, *first) + DAY * n for n in range((datetime.date(2026, *last) - datetime.date(2026, *first)).days + 1)}


# 国办发明电〔2025〕7号
OFF = span((1, 1), (1, 3)) | span((2, 15), (2, 23)) | span((4, 4), (4, 6)) | span((5, 1), (5, 5)) | span((6, 19), (6, 21)) | span((9, 25), (9, 27)) | span((10, 1), (10, 7))
WORK = {datetime.date(2026, *day) for day in ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10))}


def works(day):
    """A working day of 2026; of another year by the week alone."""
    if day in WORK:
        return True
    return day.weekday() < 5 and day not in OFF


def workday(start, count):
    """The count-th working day after a day."""
    day = start
    while count:
        day += DAY
        if works(day):
            count -= 1
    return day


def workday_before(start, count):
    day = start
    while count:
        day -= DAY
        if works(day):
            count -= 1
    return day


def rolled(start, days):
    """So many calendar days after a day; ending on a day off, the next working day."""
    day = start + DAY * days
    while not works(day):
        day += DAY
    return day


def last(end, period):
    """The last day from which `period(day)` still ends by `end`."""
    return max(end - DAY * back for back in range(60) if period(end - DAY * back) <= end)


def timetable(method, start):
    """key → date of everything a purchase of this method has, published on `start`, everything as early or as late as the law says."""
    found = {"publication": start, "intention": start - DAY * 30}
    if method == "single_source":
        found["publicity_until"] = workday(start, 5)
        found["reexamination"] = workday(found["publicity_until"], 5)
        found["deadline"] = found["opening"] = workday(found["publicity_until"], 1)
    else:
        if method in ("open_tender", "framework"):
            notice, documents, bids, late = workday(start, 5), workday(start, 5), rolled(start, 20), lambda day: rolled(day, 15)
        elif method == "invited_tender":
            notice, documents, bids, late = None, workday(start, 5), rolled(start, 20), lambda day: rolled(day, 15)
        elif method == "consultation":
            notice, documents, bids, late = workday(start, 3), workday(start, 5), rolled(start, 10), lambda day: rolled(day, 5)
        else:
            notice, documents, bids, late = workday(start, 3), None, workday(start, 3), lambda day: workday(day, 3)
        found |= {"notice_until": notice, "documents_until": documents, "deadline": max(day for day in (notice, documents, bids) if day)}
        found["opening"] = found["deadline"]
        found["clarification"] = last(found["deadline"], late)
        found["rehearsal"] = workday_before(found["opening"], 2)
        found["documents_challenge"] = workday(notice or start, 7)
        found["process_challenge"] = workday(found["opening"], 7)
    found["evaluation"] = rolled(found["opening"], 0)
    found["report"] = workday(found["evaluation"], 2)
    found["award"] = workday(found["report"], 5)
    found["result"] = workday(found["award"], 2)
    found["bond_losers"] = workday(found["result"], 5)
    found["result_until"] = workday(found["result"], 1)
    found["challenge_until"] = workday(found["result_until"], 7)
    found["signing_limit"] = found["result"] + DAY * 30
    found["signing"] = workday(found["challenge_until"], 1)
    if found["signing"] > found["signing_limit"]:
        found["signing"] = workday_before(found["signing_limit"] + DAY, 1)
    found["contract_notice"] = workday(found["signing"], 2)
    found["bond_winner"] = workday(found["signing"], 5)
    found["filing"] = workday(found["signing"], 7)
    if method == "framework":
        found["tell_users"] = workday(found["signing"], 3)
    return {key: day for key, day in found.items() if day}
