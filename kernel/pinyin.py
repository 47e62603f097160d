"""Sorting Chinese names the way offices list them: by pinyin. Readings that the general dictionary gets wrong are data here."""

from pypinyin import Style, lazy_pinyin, load_phrases_dict

READINGS = {
    "重庆": [["chóng"], ["qìng"]],
    "长寿": [["cháng"], ["shòu"]],
    "乐山": [["lè"], ["shān"]],
    "朝阳": [["cháo"], ["yáng"]],
    "朝天": [["cháo"], ["tiān"]],
    "都江": [["dū"], ["jiāng"]],
    "郫都": [["pí"], ["dū"]],
    "什邡": [["shí"], ["fāng"]],
    "犍为": [["qián"], ["wéi"]],
    "旺苍": [["wàng"], ["cāng"]],
    "泸州": [["lú"], ["zhōu"]],
    "盛兴": [["shèng"], ["xīng"]],
    "行社": [["háng"], ["shè"]],
    "单家": [["shàn"], ["jiā"]],
    "曾家": [["zēng"], ["jiā"]],
    "解家": [["xiè"], ["jiā"]],
}
load_phrases_dict(READINGS)


def sort_key(name, longest=120):
    """The name's syllables without tones, lower case, separated by blanks; Latin letters and digits stay."""
    return " ".join(lazy_pinyin(name, style=Style.NORMAL)).lower()[:longest]
