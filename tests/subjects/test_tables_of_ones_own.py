"""Tests of --table: what a table of one's own becomes, and what is said about it."""

import gzip

import numpy as np
import pandas
import pytest
from helpers import data_flags
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common import UserError
from subjects.houses import load_houses
from subjects.houses.table import Column, read_rows


def houses(rows=100):
    """Flats with an area, a city and a price, as pandas has them."""
    random = np.random.default_rng(0)
    table = pandas.DataFrame(
        {
            "area": random.uniform(20, 200, rows).round(1),
            "city": random.choice(["Kyiv", "Lyon", "Oslo"], rows),
            "price": random.uniform(1e5, 9e5, rows).round(),
        }
    )
    return table


def load(path, **changes):
    return load_houses(data_flags(table=str(path), target="price", **changes))


def rows_of(data):
    """All rows of a data set with what is predicted last, in thousands."""
    return sorted(tuple(row) for part in data for row in np.c_[part.x, part.y].round(3).tolist())


@pytest.mark.parametrize(
    "name, dialect",
    [
        ("comma.csv", {}),
        ("tab.tsv", {"sep": "\t"}),
        ("semicolon.csv", {"sep": ";", "decimal": ","}),
        ("excel.csv", {"sep": ";", "encoding": "utf-8-sig"}),
        ("utf16.csv", {"encoding": "utf-16"}),
        ("quoted.csv", {"quoting": 1}),
        ("windows.csv", {"lineterminator": "\r\n"}),
        ("packed.csv.gz", {}),
        ("packed.zip", {"compression": {"method": "zip", "archive_name": "houses.csv"}}),
    ],
)
def test_a_table_is_read_as_pandas_wrote_it(name, dialect, tmp_path, capsys):
    table = houses()
    table.to_csv(tmp_path / name, index=False, **dialect)
    data = load(tmp_path / name)
    assert [len(part.x) for part in data] == [64, 16, 20]
    cities = pandas.get_dummies(table.city)[["Kyiv", "Lyon", "Oslo"]]
    expected = np.c_[table.area, cities, table.price / 1000].astype(np.float32).round(3)
    assert rows_of(data) == sorted(map(tuple, expected.tolist()))
    said = capsys.readouterr().out
    assert "64 rows to learn from, 16 to validate with, 20 to test on" in said
    assert "price from 4 numbers: area, city Kyiv, city Lyon, city Oslo" in said
    assert data.preparation["label"] == "price in 1,000s"


def test_missing_numbers_are_the_median_of_the_rows_to_learn_from(tmp_path, capsys):
    table = houses()
    table.loc[10:39, "area"] = np.nan
    table.loc[5, "price"] = np.nan
    table.to_csv(tmp_path / "t.csv", index=False, na_rep="n/a")
    data = load(tmp_path / "t.csv")
    learnt = data.train.x[:, 0]
    median = data.preparation["columns"][0]["median"]
    filled = np.isclose(learnt, median)
    assert filled.sum() > 10 and np.isclose(np.median(learnt[~filled]), median)
    said = capsys.readouterr().out
    assert f"Missing: area in 30 of 99 rows, replaced by the median, {median:g}" in said
    assert "Left out: 1 of 100 rows, which have no price" in said


def test_columns_that_say_nothing_are_named_and_not_used(tmp_path, capsys):
    table = houses()
    table.insert(0, "id", range(7, 107))
    table["street"] = [f"Street {i}" for i in range(100)]
    table["country"] = "Utopia"
    table["dollars"] = table.price * 1.1
    table.to_csv(tmp_path / "t.csv", index=False)
    data = load(tmp_path / "t.csv")
    assert data.train.x.shape[1] == 5  # area, three cities, dollars
    said = capsys.readouterr().out
    assert "Not used: column id, which counts the rows" in said
    assert "Not used: column street, which holds words, 100 different ones" in said
    assert "Not used: column country, which is the same in every row" in said
    assert "Warning: column dollars says almost the same as price" in said


def test_rows_to_test_on_that_are_also_learned_from_are_counted(tmp_path, capsys):
    table = pandas.concat([houses()] * 2)
    table.to_csv(tmp_path / "t.csv", index=False)
    load(tmp_path / "t.csv")
    assert "of the 40 rows to test on are also among those to learn from" in capsys.readouterr().out


def test_new_rows_are_read_by_the_names_of_their_columns(tmp_path):
    columns = [Column("area", 50.0), Column("city", 0.0, "Kyiv"), Column("city", 0.0, "Oslo")]
    (tmp_path / "new.csv").write_text("note,City,AREA\nhello,Oslo,70\nthere,Rome,\n", "utf-8")
    x, missing = read_rows(tmp_path / "new.csv", columns)
    assert x.tolist() == [[70, 0, 1], [50, 0, 0]]
    assert missing == ["Missing: area in 1 of 2 rows, replaced by the median, 50"]


def test_the_column_to_be_predicted_is_suggested(tmp_path):
    houses().to_csv(tmp_path / "t.csv", index=False)
    for target in (None, "cost"):
        with pytest.raises(UserError, match=r"has area, city, price\. For example: --target 'price'"):
            load_houses(data_flags(table=str(tmp_path / "t.csv"), target=target))


@pytest.mark.parametrize(
    "text, why",
    [
        ("", "is empty"),
        ("area,price\n", "has no rows|column"),
        ("area\n1\n2\n", "column"),
        ("1,2\n3,4\n5,6\n", "needs the names of its columns"),
        ("area,price,price\n1,2,3\n", "two columns named"),
        ("area,price\n1,2\n3\n5,6\n", "has 1 columns in line 3, not 2"),
        ("area,price\n1,2\n3,4\n5", "is cut short in its last line, 4"),
        ('area,price\n1,2\n"3,4\n', "cannot be read from line"),
        ("area,price\n1,2\n3,4\n5,six\n7,8\n", "column 'price', line 4: 'six' is not a number"),
        ("area,price\n1,2\nx,4\n5,6\n7,8\n9,9\n9,9\n", "column 'area', line 3: 'x' is not a number"),
        ("area,price\n1,2\n3,1e99\n5,6\n7,8\n9,9\n9,9\n", "'1e99' is not a number"),
        ("area;price\n1;1,234\n3;5,678\n5;6,789\n", "what does the comma in '1,234' mean"),
        ("area,price\n1,2\n3,2\n5,2\n", "nothing to predict in column 'price'"),
        ("area,price\n1,2\n3,4\n", "too few to learn from"),
        ("city,price\n" + "".join(f"c{i},{i}\n" for i in range(20)), "no column of numbers but 'price'"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_in_one_line(text, why, tmp_path):
    (tmp_path / "t.csv").write_text(text, "utf-8")
    with pytest.raises(UserError, match=why) as refused:
        load(tmp_path / "t.csv")
    assert "\n" not in str(refused.value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["csv", "gz"]), place=st.floats(0, 1), byte=st.integers(0, 255), cut=st.booleans()
)
def test_a_damaged_table_is_read_as_it_is_or_refused(tmp_path, kind, place, byte, cut):
    plain = whole = houses(40).to_csv(index=False).encode()
    whole = gzip.compress(whole) if kind == "gz" else whole
    at = min(int(place * len(whole)), len(whole) - 1)
    (tmp_path / "t.csv").write_bytes(whole[:at] if cut else whole[:at] + bytes([byte]) + whole[at + 1 :])
    try:
        data = load(tmp_path / "t.csv")
    except UserError as error:
        assert str(error).count("\n") == 0
    else:
        assert all(np.isfinite(part.x).all() for part in data)
        if kind == "gz":  # what was changed is the name or the date in it
            (tmp_path / "whole.csv").write_bytes(plain)
            assert rows_of(data) == rows_of(load(tmp_path / "whole.csv"))
