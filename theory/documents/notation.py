"""Letters that stand for different things in different documents: one meaning a document, unless two are listed."""

#: letter: {what it stands for: the documents in which it does}
NOTATION = {
    "$K$": {
        "fourth cumulant $K_{ijkl}$, contracted $K(w,w,w)$": (
            "drift nlgp ising closures conditional network cubic bump (in network always with its arguments)"
        ),
        "number of neurons": "flow growth network",
    },
    "$k$": {
        "$k_2$, $k_4$: cumulants of the preactivation ($k_n$ any)": "drift ising closures conditional bump",
        "wavenumber": "ising growth fluctuations bump",
        "index of a site or a neuron": "nlgp cubic conditional (site); flow network (neuron)",
        "strength of a cubic drift": "flow fluctuations (mean)",
    },
    "$\\kappa$": {
        "kurtosis $k_4/k_2^2$": "closures",
        "kurtosis $\\kappa_4$ of one site": "conditional",
        "wavenumber $2\\pi k/D$": "ising (elliptical laws)",
        "$\\kappa_d = K_{000d}$": "cubic",
        "$\\kappa_y$: strength of $K$ of class $y$": "bump",
    },
    "$q$": {
        "$g^2/(1+g^2)$": "nlgp cubic bump",
        "probability of a state": "flow",
        "rate of the test force $e^{qh}$": "closures",
        "$q_{kl} = w_k\\cdot Cw_l$": "network",
        "off-diagonal entry of a matrix of two or four sites": "ising fluctuations",
    },
    "$s$": {
        "output $s(x)$ of a committee": "flow growth network",
        "$s_n$: $n$-th derivative of $\\sigma$ at the bias": "drift growth",
        "sign or spin": "nlgp ising conditional",
        "random scale of an elliptical law": "ising",
        "width of a bump": "bump",
        "size of small weights, or time integrated over": "fluctuations",
    },
    "$t$": {
        "time, learning rate times steps": "flow growth fluctuations drift (last chain)",
        "correlation of neighbouring spins, $\\tanh J$": "ising cubic",
        "argument of a generating function, or of a change": "drift conditional",
    },
    "$g$": {
        "gain": "nlgp conditional bump",
        "gaps $g_0 \\dots g_3$ between sorted sites; $G_{mm}$": "ising",
        "coupling of the two halves of a committee": "growth",
    },
    "$B$": {
        "coefficient of $K(w,w,w)$ in the drift": "drift closures bump",
        "covariance of the noise of one step": "fluctuations",
        "variance of a site that two others explain": "nlgp",
        "function of the middle gap": "cubic",
        "coefficient of $C^-$": "ising (elliptical laws)",
    },
}


def table() -> list[str]:
    """The table in Markdown."""
    rows = [
        f"| {letter if i == 0 else ''} | {meaning} | {where} |"
        for letter, meanings in NOTATION.items()
        for i, (meaning, where) in enumerate(meanings.items())
    ]
    return ["| letter | stands for | in |", "|---|---|---|", *rows]
