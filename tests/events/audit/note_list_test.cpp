#include "events/audit/note_list.h"

#include <gtest/gtest.h>

#include <string>

#include "events/audit/note.h"
#include "ossl/ed25519.h"
#include "support/events.h"

namespace hansard::events::audit {
namespace {

/// Three notes, each signed twice.
std::string three_notes() {
  const auto key = ossl::Ed25519Key::draw();
  std::string file;
  for (const char* text : {"a\n1\n", "b\n\nc\n", "d\n"}) {
    auto note = sign_note(support::hasher(), key, "n", text);
    note.signatures.push_back(note.signatures.front());
    file += to_text(note);
  }
  return file;
}

TEST(NoteList, TellsNotesApart) {
  const std::string file = three_notes();
  const NoteList list = split_notes(file);
  ASSERT_EQ(list.notes.size(), 3U);
  EXPECT_EQ(parse_note(list.notes[1])->text, "b\n\nc\n");
  EXPECT_TRUE(list.cut_off.empty());
  EXPECT_TRUE(split_notes("").notes.empty());
  EXPECT_EQ(split_notes("no note\n").cut_off, "no note\n");
}

TEST(NoteList, EmptyLinesBetweenNotesSayNothing) {
  const std::string file = three_notes();
  const NoteList list = split_notes(file);
  std::string spaced = "\n\n";
  for (const std::string_view note : list.notes) spaced += std::string(note) + "\n";
  const NoteList again = split_notes(spaced);
  EXPECT_EQ(again.notes, list.notes);
  EXPECT_TRUE(again.cut_off.empty());
}

TEST(NoteList, AnEndThatWasCutOffIsNoNoteWhereverItWasCut) {
  const std::string file = three_notes();
  const NoteList whole = split_notes(file);
  const std::size_t second = whole.notes[0].size() + whole.notes[1].size();
  const std::string last(whole.notes[2]);
  const std::size_t first_signature = last.find(kSignatureMark);
  const std::size_t signed_once = last.find('\n', first_signature) + 1;
  for (std::size_t bytes = 0; bytes < last.size(); ++bytes) {
    const std::string_view cut = std::string_view(file).substr(0, second + bytes);
    const NoteList list = split_notes(cut);
    // One signature is as good as two: the note was whole with it.
    const bool whole_once = bytes >= signed_once && bytes < signed_once + kSignatureMark.size();
    ASSERT_EQ(list.notes.size(), whole_once ? 3U : 2U) << bytes;
    EXPECT_EQ(list.cut_off, cut.substr(whole_once ? second + signed_once : second)) << bytes;
    EXPECT_EQ(list.notes[1], whole.notes[1]);
  }
}

TEST(NoteList, IsTheSameReadPieceByPiece) {
  const std::string file = three_notes();
  const std::string expected[] = {std::string(split_notes(file).notes[0]),
                                  std::string(split_notes(file).notes[1]),
                                  std::string(split_notes(file).notes[2])};
  for (std::size_t piece = 1; piece < 80; ++piece) {
    std::string held;
    std::size_t found = 0;
    for (std::size_t at = 0; at < file.size(); at += piece) {
      held += file.substr(at, piece);
      std::string_view text = held;
      while (const auto note = take_note(text, at + piece >= file.size())) {
        ASSERT_LT(found, 3U);
        EXPECT_EQ(*note, expected[found++]);
      }
      held = std::string(text);
    }
    EXPECT_EQ(found, 3U) << "in pieces of " << piece;
    EXPECT_TRUE(held.empty());
  }
}

}  // namespace
}  // namespace hansard::events::audit
