namespace CloneHub.Jobs.Queue;

/// <summary>
/// Tickets in their order, kept in pieces of a few hundred: putting one in, taking one out, finding its place and looking one up touch one
/// piece and the lengths of the others. With 100,000 in line that is a microsecond or two, wherever in the line it is.
/// </summary>
internal sealed class WaitingLine
{
    private const int LongestPiece = 512;

    private readonly List<List<Ticket>> _pieces = [];

    public int Count { get; private set; }

    public Ticket First => _pieces[0][0];

    public Ticket this[int index]
    {
        get
        {
            foreach (var piece in _pieces)
            {
                if (index < piece.Count) return piece[index];
                index -= piece.Count;
            }

            throw new ArgumentOutOfRangeException(nameof(index));
        }
    }

    public void Add(Ticket ticket)
    {
        Count++;
        if (_pieces.Count == 0)
        {
            _pieces.Add([ticket]);
            return;
        }

        var at = Math.Min(PieceOf(ticket), _pieces.Count - 1);
        var piece = _pieces[at];
        piece.Insert(~piece.BinarySearch(ticket), ticket);
        if (piece.Count <= LongestPiece) return;
        const int Half = LongestPiece / 2;
        _pieces.Insert(at + 1, piece[Half..]);
        piece.RemoveRange(Half, piece.Count - Half);
    }

    public void Remove(Ticket ticket)
    {
        var at = PieceOf(ticket);
        var piece = _pieces[at];
        piece.RemoveAt(piece.BinarySearch(ticket));
        if (piece.Count == 0) _pieces.RemoveAt(at);
        Count--;
    }

    /// <summary>How many are before it.</summary>
    public int IndexOf(Ticket ticket)
    {
        var at = PieceOf(ticket);
        var before = 0;
        for (var i = 0; i < at; i++) before += _pieces[i].Count;
        return before + _pieces[at].BinarySearch(ticket);
    }

    /// <summary>The first piece that does not end before the ticket; one too many if all do.</summary>
    private int PieceOf(Ticket ticket)
    {
        var (low, high) = (0, _pieces.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_pieces[middle][^1].CompareTo(ticket) < 0) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
